import assert from "node:assert/strict";
import { stackUnderTest } from "./stack.ts";

/** The JSON key of a service account. */
export interface AccountKey {
  client_email: string;
  private_key: string;
  token_uri: string;
  [field: string]: string;
}

/** A tab as the simulated Google shows it. */
export interface ShownTab {
  sheetId: number;
  title: string;
  hidden: boolean;
  frozenRowCount: number;
  formats: { range: Record<string, number>; cell: unknown; fields: string }[];
  rows: (string | number | boolean | null)[][];
}

/** Asks the simulated Google for something that only its owner may: `local/google/control.ts`. */
export async function googleControl<T>(method: string, path: string, body?: object): Promise<T> {
  const response = await fetch(`${stackUnderTest().google_url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  assert(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

/** A service account of its own, with a quota of its own. */
export const newAccount = (): Promise<AccountKey> => googleControl("POST", "/accounts", {});

/** A spreadsheet that its owner has shared with these accounts. */
export const newSpreadsheet = (...shared_with: string[]): Promise<{ id: string; url: string }> =>
  googleControl("POST", "/spreadsheets", { title: "Monday", shared_with });

/** The tabs of a spreadsheet with their rows. */
export async function tabsOf(id: string): Promise<ShownTab[]> {
  return (await googleControl<{ tabs: ShownTab[] }>("GET", `/spreadsheets/${id}`)).tabs;
}

/** What was asked about a spreadsheet. */
export const callsOf = (id: string): Promise<string[]> =>
  googleControl("GET", `/spreadsheets/${id}/calls`);

/** Makes calls about a spreadsheet, or for the tokens of an account, go wrong. */
export const setFault = (of: string, fault: {
  kind: "none" | "http429" | "http500" | "http403" | "storage_quota" | "slow" | "lost";
  after?: number;
  times?: number;
  retry_after?: number;
  path?: string;
}) => googleControl("POST", "/faults", { of, ...fault });
