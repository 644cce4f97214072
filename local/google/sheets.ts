import { z } from "zod";
import { badRequest, Refusal, respond } from "./answer.ts";
import { applyBatch, Batch } from "./batch.ts";
import { countCall, type Google, recordCall, withFault } from "./google.ts";
import type { Spreadsheet } from "./store.ts";
import { appendValues, inputOption, readValues, updateValues } from "./values.ts";
import { ValueBatch, ValueRange } from "./values.ts";

/** A call whose account is known. */
interface Call {
  google: Google;
  email: string;
  request: Request;
  url: URL;
}

/** Google's advice is 2 MB at most; more than this is an error of the caller's. */
const maxBodyBytes = 4_000_000;

/** The account of a request's token. @throws Refusal 401 */
function accountOf({ tokens }: Google, request: Request): string {
  const [, token = ""] = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "") ?? [];
  const known = tokens.get(token);
  if (known !== undefined && known.endsAt > Date.now()) return known.email;
  throw new Refusal(
    401,
    "UNAUTHENTICATED",
    "Request had invalid authentication credentials.",
  );
}

async function bodyOf<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  const text = await request.text();
  if (text.length > maxBodyBytes) throw new Refusal(413, "INVALID_ARGUMENT", "Request too large.");
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw badRequest(`Invalid JSON payload received. ${error}`.slice(0, 500));
  }
}

/** A spreadsheet is known to an account only when it was shared with it. */
function sharedSpreadsheet({ google, email }: Call, id: string, writes: boolean): Spreadsheet {
  const found = google.store.spreadsheet(id);
  if (found === null) throw new Refusal(404, "NOT_FOUND", "Requested entity was not found.");
  const role = found.shared[email];
  if (role === "writer" || role === "reader" && !writes) return found;
  throw new Refusal(403, "PERMISSION_DENIED", "The caller does not have permission");
}

function described({ id, title, tabs }: Spreadsheet) {
  return {
    spreadsheetId: id,
    properties: { title },
    sheets: tabs.map((tab, index) => ({
      properties: {
        sheetId: tab.sheetId,
        title: tab.title,
        index,
        hidden: tab.hidden,
        gridProperties: {
          rowCount: tab.rowCount,
          columnCount: tab.columnCount,
          frozenRowCount: tab.frozenRowCount,
        },
      },
      developerMetadata: tab.metadata,
    })),
    spreadsheetUrl: `https://docs.google.com/spreadsheets/d/${id}/edit`,
  };
}

/** What a call does once quota and rights allow it; undefined: there is no such call. */
async function workOf(
  call: Call,
  id: string,
  rest: string,
): Promise<(() => unknown) | undefined> {
  const { google: { store }, request, url } = call;
  const [, range = "", append] = /^\/values\/(.+?)(:append)?$/.exec(rest) ?? [];
  const named = decodeURIComponent(range);
  const of = (writes: boolean) => sharedSpreadsheet(call, id, writes);
  switch (`${request.method} ${range === "" ? rest : `/values/{range}${append ?? ""}`}`) {
    case "GET ":
      return () => described(of(false));
    case "GET /values/{range}":
      return () => readValues(store, of(false), named);
    case "POST :batchUpdate": {
      const batch = await bodyOf(request, Batch);
      return () => applyBatch(store, of(true), batch);
    }
    case "POST /values:batchUpdate": {
      const { valueInputOption, data } = await bodyOf(request, ValueBatch);
      return () => {
        const found = of(true);
        return { responses: data.map((one) => updateValues(store, found, valueInputOption, one)) };
      };
    }
    case "PUT /values/{range}": {
      const { values } = await bodyOf(request, ValueRange);
      return () =>
        updateValues(store, of(true), inputOption(url.searchParams), {
          range: named,
          values,
        });
    }
    case "POST /values/{range}:append": {
      const { values } = await bodyOf(request, ValueRange);
      return () =>
        appendValues(store, of(true), inputOption(url.searchParams), {
          range: named,
          values,
        });
    }
  }
}

async function answer(google: Google, request: Request, path: string): Promise<unknown> {
  const email = accountOf(google, request);
  if (path === "" && request.method === "POST") {
    // A service account owns no storage, so it cannot make a spreadsheet of its own.
    throw new Refusal(
      403,
      "PERMISSION_DENIED",
      "The user's Drive storage quota has been exceeded.",
      "storageQuotaExceeded",
    );
  }
  const [, id = "", rest = ""] = /^\/([A-Za-z0-9_-]+)(.*)$/.exec(path) ?? [];
  const name = `${request.method} ${rest}`;
  recordCall(google, id, name);
  countCall(google, email, request.method === "GET" ? "read" : "write");
  const work = await workOf({ google, email, request, url: new URL(request.url) }, id, rest);
  if (work === undefined) throw new Refusal(404, "NOT_FOUND", "Requested entity was not found.");
  return await withFault(google, id, name, () => google.store.transaction(work));
}

/** `/v4/spreadsheets…`, as far as Signalbox uses it. `path` is what follows that. */
export async function handleSheets(
  google: Google,
  request: Request,
  path: string,
): Promise<Response> {
  return await respond(() => answer(google, request, path));
}
