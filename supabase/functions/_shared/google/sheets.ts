import { z } from "../zod.ts";
import { env } from "../env.ts";
import { GoogleError } from "./error.ts";
import { askGoogle, type GoogleAnswer, type GoogleOptions } from "./request.ts";
import { accessToken, forgetToken, type ServiceAccount } from "./token.ts";

/** A tab of a spreadsheet. `marks`: its developer metadata, which nobody sees in the spreadsheet itself. */
export interface Tab {
  sheetId: number;
  title: string;
  index: number;
  marks: { key: string; value: string }[];
}

/** What a cell can be told: a JSON value. An empty text is an empty cell. */
export type CellValue = string | number | boolean;

/** Values of a fixed range, in A1 notation with the name of its tab. */
export interface RangeValues {
  range: string;
  values: CellValue[][];
}

/** The calls that writing a report needs. Each fails with a `GoogleError`. */
export interface Sheets {
  tabs(spreadsheet: string): Promise<Tab[]>;
  /** Requests of `spreadsheets.batchUpdate`: all are done, or none. */
  batch(spreadsheet: string, requests: readonly object[]): Promise<void>;
  /** Writes as `RAW`: a text stays a text, so nothing becomes a formula. Done again, it changes nothing. */
  write(spreadsheet: string, data: readonly RangeValues[]): Promise<void>;
}

const Failure = z.object({
  error: z.object({
    message: z.string().catch(""),
    status: z.string().catch(""),
    errors: z.array(z.object({ reason: z.string().catch("") })).catch([]),
    details: z.array(z.object({ reason: z.string().catch("") })).catch([]),
  }),
}).catch({ error: { message: "", status: "", errors: [], details: [] } });

const quotas = ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"];
const notEnabled = ["SERVICE_DISABLED", "accessNotConfigured"];

/** What a refusal means. Source: https://developers.google.com/workspace/sheets/api/troubleshoot-api-errors */
function failureOf({ status, json, retryAfterSeconds }: GoogleAnswer): GoogleError {
  const { error } = Failure.parse(json);
  const reasons = [...error.errors, ...error.details].map(({ reason }) => reason);
  const has = (known: string[]) => reasons.some((reason) => known.includes(reason));
  if (has(quotas)) {
    return new GoogleError(
      "pause",
      "Google allows no more calls at the moment.",
      retryAfterSeconds,
    );
  }
  if (reasons.includes("storageQuotaExceeded") || /number of cells/.test(error.message)) {
    return new GoogleError("storage", "Google has no room for more in this spreadsheet.");
  }
  if (has(notEnabled)) {
    return new GoogleError(
      "credentials",
      "The Google Sheets API is not enabled in the project of the service account.",
    );
  }
  if (status === 401) {
    return new GoogleError("credentials", "Google does not accept the service account's token.");
  }
  if (status === 403 || status === 404) {
    return new GoogleError("not_shared", "The spreadsheet is not shared with the service account.");
  }
  if (error.status === "FAILED_PRECONDITION") {
    return new GoogleError("invalid", "The file is no Google spreadsheet. Convert it to one.");
  }
  return new GoogleError("invalid", `Google does not accept it: ${error.message}`.slice(0, 300));
}

const Spreadsheet = z.object({
  sheets: z.array(z.object({
    // Google's answers may leave out what is 0.
    properties: z.object({
      sheetId: z.int().default(0),
      title: z.string(),
      index: z.int().default(0),
    }),
    developerMetadata: z.array(z.object({
      metadataKey: z.string(),
      metadataValue: z.string().default(""),
    })).default([]),
  })),
});

const tabFields = "sheets(properties(sheetId,title,index),developerMetadata)";

function toTab({ properties, developerMetadata }: z.infer<typeof Spreadsheet>["sheets"][number]) {
  const marks = developerMetadata.map(({ metadataKey: key, metadataValue: value }) => ({
    key,
    value,
  }));
  return { ...properties, marks };
}

/** The Sheets API with the rights of a service account: only spreadsheets that were shared with it. */
export function sheetsOf(account: ServiceAccount, options: GoogleOptions = {}): Sheets {
  const send = async (method: string, path: string, body?: object) => {
    const token = await accessToken(account, options);
    return await askGoogle(`${env.googleSheetsUrl()}/v4/spreadsheets/${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }, options);
  };
  const call = async (method: string, path: string, body?: object) => {
    let answer = await send(method, path, body);
    if (answer.status === 401) {
      // It was revoked, or Google has forgotten it: the key may still be good.
      forgetToken(account);
      answer = await send(method, path, body);
    }
    if (answer.status !== 200) throw failureOf(answer);
    return answer.json;
  };
  return {
    async tabs(spreadsheet) {
      const json = await call("GET", `${spreadsheet}?fields=${encodeURIComponent(tabFields)}`);
      return Spreadsheet.parse(json).sheets.map(toTab);
    },
    async batch(spreadsheet, requests) {
      await call("POST", `${spreadsheet}:batchUpdate`, { requests });
    },
    async write(spreadsheet, data) {
      const body = { valueInputOption: "RAW", data };
      await call("POST", `${spreadsheet}/values:batchUpdate`, body);
    },
  };
}
