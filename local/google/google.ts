import { Refusal } from "./answer.ts";
import type { Store } from "./store.ts";

/** How calls about a spreadsheet, or for a token, can go wrong. `lost`: it is done, but the answer is an error. */
export const FAULTS = ["http429", "http500", "http403", "storage_quota", "slow", "lost"] as const;
export type FaultKind = typeof FAULTS[number];

export interface Fault {
  kind: FaultKind;
  /** Calls that still pass before it begins, and how many it meets then. */
  after: number;
  times: number;
  retryAfterSeconds: number | null;
  /** Only calls whose method and path match; every call without it. */
  path: string | null;
}

/** What the parts of the simulated Google share. All but the store is forgotten when it stops. */
export interface Google {
  url: string;
  store: Store;
  tokens: Map<string, { email: string; endsAt: number }>;
  /** By the id of a spreadsheet, or by the address of an account for its tokens. */
  faults: Map<string, Fault>;
  /** What each account has called in the running minute. */
  minutes: Map<string, { minute: number; read: number; write: number }>;
  /** Reads, and writes, a minute and account; 60 as at Google unless told otherwise. */
  limits: Map<string, number>;
  /** All calls about a spreadsheet: method and path. */
  calls: Map<string, string[]>;
}

/** https://developers.google.com/workspace/sheets/api/limits */
const callsPerMinute = 60;
const keptCalls = 2_000;
const slowMs = 3_000;

/** Counts a call of an account. @throws Refusal 429 when the minute's quota is used up, which is counted too */
export function countCall(google: Google, email: string, kind: "read" | "write"): void {
  const minute = Math.floor(Date.now() / 60_000);
  const known = google.minutes.get(email);
  const counted = known?.minute === minute ? known : { minute, read: 0, write: 0 };
  counted[kind]++;
  google.minutes.set(email, counted);
  if (counted[kind] <= (google.limits.get(email) ?? callsPerMinute)) return;
  const what = kind === "read" ? "Read requests" : "Write requests";
  throw new Refusal(
    429,
    "RESOURCE_EXHAUSTED",
    `Quota exceeded for quota metric '${what}' and limit '${what} per minute per user'.`,
    "rateLimitExceeded",
  );
}

/** Keeps what was asked about a spreadsheet. */
export function recordCall(google: Google, id: string, call: string): void {
  google.calls.set(id, [...google.calls.get(id) ?? [], call].slice(-keptCalls));
}

function refusalOf({ kind, retryAfterSeconds }: Fault): Refusal | null {
  const headers: Record<string, string> = retryAfterSeconds === null
    ? {}
    : { "retry-after": String(retryAfterSeconds) };
  switch (kind) {
    case "http429":
      return new Refusal(
        429,
        "RESOURCE_EXHAUSTED",
        "Quota exceeded.",
        "rateLimitExceeded",
        headers,
      );
    case "http500":
    case "lost":
      return new Refusal(500, "INTERNAL", "Internal error encountered.", null, headers);
    case "http403":
      return new Refusal(403, "PERMISSION_DENIED", "The caller does not have permission");
    case "storage_quota":
      return new Refusal(
        403,
        "PERMISSION_DENIED",
        "The user's Drive storage quota has been exceeded.",
        "storageQuotaExceeded",
      );
    case "slow":
      return null;
  }
}

/** Does what was asked, or goes wrong as somebody has switched it for this name. */
export async function withFault<T>(
  google: Google,
  name: string,
  call: string,
  work: () => T,
): Promise<T> {
  const fault = google.faults.get(name);
  if (fault === undefined || fault.path !== null && !call.includes(fault.path)) return work();
  if (fault.after > 0) {
    fault.after--;
    return work();
  }
  if (--fault.times <= 0) google.faults.delete(name);
  if (fault.kind === "slow") await new Promise((done) => setTimeout(done, slowMs));
  if (fault.kind === "lost") work();
  const refusal = refusalOf(fault);
  if (refusal !== null) throw refusal;
  return work();
}
