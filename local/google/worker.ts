import { Refusal } from "./answer.ts";
import { handleControl } from "./control.ts";
import { type Google, withFault } from "./google.ts";
import type { GoogleOptions } from "./main.ts";
import { handleSheets } from "./sheets.ts";
import { openStore } from "./store.ts";
import { grantToken, issuerOf } from "./token.ts";
import { runPart, serveLocally } from "../workers/run.ts";

const sheets = "/v4/spreadsheets";

/** A token for the account that signed the request; a fault of an account's tokens is found by the address in it. */
async function handleToken(google: Google, request: Request): Promise<Response> {
  const form = new URLSearchParams(await request.text());
  const account = issuerOf(form.get("assertion") ?? "");
  try {
    return await withFault(google, account, "POST /token", () => grantToken(google, form));
  } catch (error) {
    if (error instanceof Refusal) return error.toResponse();
    throw error;
  }
}

async function handle(google: Google, request: Request): Promise<Response> {
  const path = new URL(request.url).pathname.replace(/^\/google/, "");
  if (path === "/token" && request.method === "POST") return await handleToken(google, request);
  if (path.startsWith(sheets)) {
    return await handleSheets(google, request, path.slice(sheets.length));
  }
  return await handleControl(google, request, path);
}

runPart((options: GoogleOptions) => {
  const store = openStore(options.dataDir);
  const google: Google = {
    url: options.url,
    store,
    tokens: new Map(),
    faults: new Map(),
    minutes: new Map(),
    limits: new Map(),
    calls: new Map(),
  };
  const port = serveLocally((request) => handle(google, request));
  return Promise.resolve({ ready: { port }, stop: () => Promise.resolve(store.close()) });
});
