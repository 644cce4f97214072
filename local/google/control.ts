import { generateKeyPairSync, randomBytes } from "node:crypto";
import { z } from "zod";
import { FAULTS, type Google } from "./google.ts";
import { Refusal, respond } from "./answer.ts";
import type { Spreadsheet } from "./store.ts";

const rowsShown = 200_000;

const NewAccount = z.object({ name: z.string().regex(/^[a-z0-9-]{1,60}$/).optional() });
const NewSpreadsheet = z.object({
  title: z.string().default("Untitled spreadsheet"),
  shared_with: z.array(z.string()).default([]),
});
const Share = z.object({ with: z.string(), role: z.enum(["writer", "reader", "none"]) });
const NewFault = z.object({
  /** The id of a spreadsheet, or the address of an account for its tokens. */
  of: z.string(),
  kind: z.enum(["none", ...FAULTS]),
  after: z.int().min(0).default(0),
  times: z.int().min(1).default(1_000_000),
  retry_after: z.int().min(0).nullable().default(null),
  path: z.string().nullable().default(null),
});
const Limit = z.object({ account: z.string(), per_minute: z.int().min(0) });

/** A new service account's JSON key, as Google's console gives it: only here is the private key seen. */
function newAccount({ url, store }: Google, { name }: z.infer<typeof NewAccount>) {
  const client_email = `${name ?? `account-${randomBytes(6).toString("hex")}`}@` +
    `signalbox-local.iam.gserviceaccount.com`;
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  store.addAccount(client_email, String(publicKey.export({ type: "spki", format: "pem" })));
  return {
    type: "service_account",
    project_id: "signalbox-local",
    private_key_id: randomBytes(20).toString("hex"),
    private_key: String(privateKey.export({ type: "pkcs8", format: "pem" })),
    client_email,
    token_uri: `${url}/token`,
  };
}

function newSpreadsheet({ store }: Google, input: z.infer<typeof NewSpreadsheet>) {
  const id = randomBytes(33).toString("base64url");
  const shared = Object.fromEntries(input.shared_with.map((email) => [email, "writer" as const]));
  const grid = { rowCount: 1000, columnCount: 26, frozenRowCount: 0 };
  const first = { sheetId: 0, title: "Sheet1", hidden: false, ...grid, metadata: [], formats: [] };
  store.saveSpreadsheet({ id, title: input.title, shared, tabs: [first] });
  return { id, url: `https://docs.google.com/spreadsheets/d/${id}/edit#gid=0` };
}

function share({ store }: Google, one: Spreadsheet, input: z.infer<typeof Share>) {
  if (input.role === "none") delete one.shared[input.with];
  else one.shared[input.with] = input.role;
  store.saveSpreadsheet(one);
  return { shared: one.shared };
}

function setFault(google: Google, fault: z.infer<typeof NewFault>) {
  const { of, kind, after, times, retry_after, path } = fault;
  if (kind === "none") google.faults.delete(of);
  else google.faults.set(of, { kind, after, times, retryAfterSeconds: retry_after, path });
  return {};
}

/** A spreadsheet with all that its tabs hold. */
function shown({ store }: Google, one: Spreadsheet) {
  const rows = (sheetId: number) => {
    const table: unknown[][] = [];
    for (const { row, cells } of store.rows(one.id, sheetId, 0, rowsShown)) table[row] = cells;
    return Array.from(table, (cells) => cells ?? []);
  };
  return { ...one, tabs: one.tabs.map((tab) => ({ ...tab, rows: rows(tab.sheetId) })) };
}

function found({ store }: Google, id: string): Spreadsheet {
  const one = store.spreadsheet(id);
  if (one === null) throw new Refusal(404, "NOT_FOUND", "There is no such spreadsheet.");
  return one;
}

async function answer(google: Google, request: Request, path: string): Promise<unknown> {
  const body: unknown = request.method === "POST" ? JSON.parse(await request.text() || "{}") : {};
  const [, id = "", rest] = /^\/spreadsheets\/([\w-]+)(\/share|\/calls)?$/.exec(path) ?? [];
  switch (`${request.method} ${id === "" ? path : `/spreadsheets/{id}${rest ?? ""}`}`) {
    case "POST /accounts":
      return newAccount(google, NewAccount.parse(body));
    case "GET /spreadsheets":
      return google.store.spreadsheets().slice(0, 100);
    case "POST /spreadsheets":
      return newSpreadsheet(google, NewSpreadsheet.parse(body));
    case "GET /spreadsheets/{id}":
      return shown(google, found(google, id));
    case "POST /spreadsheets/{id}/share":
      return share(google, found(google, id), Share.parse(body));
    case "GET /spreadsheets/{id}/calls":
      return google.calls.get(id) ?? [];
    case "POST /faults":
      return setFault(google, NewFault.parse(body));
    case "POST /limits": {
      const { account, per_minute } = Limit.parse(body);
      google.limits.set(account, per_minute);
      return {};
    }
    default:
      throw new Refusal(404, "NOT_FOUND", `no ${request.method} ${path} here`);
  }
}

/** What people and tests do with the simulated Google: own spreadsheets, share them, look into them, break things. */
export async function handleControl(
  google: Google,
  request: Request,
  path: string,
): Promise<Response> {
  try {
    return await respond(() => answer(google, request, path));
  } catch (error) {
    if (error instanceof z.ZodError || error instanceof SyntaxError) {
      return Response.json({ message: error.message }, { status: 400 });
    }
    throw error;
  }
}
