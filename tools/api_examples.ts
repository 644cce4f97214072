/*
 * Makes docs/api_examples.json, the examples of the API reference, from what a stack answered to tests:
 *
 *   RECORD_EXAMPLES=/tmp/examples deno task test leads customers …
 *   deno task openapi:examples /tmp/examples
 *
 * Operations that were not answered keep the example that they have. Secrets and addresses of tests are replaced.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { say } from "../local/log.ts";
import { documentPath } from "./openapi_document.ts";

interface Recorded {
  method: string;
  path: string;
  request: unknown;
  status: number;
  response: unknown;
}

/** The example of one operation. */
export interface ApiExample {
  status: number;
  request: unknown;
  response: unknown;
}

const target = join(dirname(dirname(fileURLToPath(import.meta.url))), "docs", "api_examples.json");
const LONGEST_LIST = 2;
/** What only tests send. */
const LONG_WORD = /([^"])\1{30}|x{20}/;
const SECRET = /token|secret|password|api_key/i;
const LOCAL = String.raw`https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?`;
/** What only a stack of tests has, in values of any name, and what stands there instead. */
const REPLACED: [RegExp, string][] = [
  [/[\w.+-]+@signalbox\.test/gi, "ama@example.com"],
  [new RegExp(`${LOCAL}(?=/functions/v1)`, "g"), "https://project.supabase.co"],
  [new RegExp(LOCAL, "g"), "https://hooks.example.com"],
  [/\b(?:127\.0\.0\.1|localhost):\d+/g, "hooks.example.com"],
  [/^(?:127\.0\.0\.1|::1)$/g, "203.0.113.7"],
  [/\b(token(?:_hash)?=)[^&"\s]+/g, "$1…"],
  [/\b(whsec_|eyJ)[\w+/=.-]{16,}/g, "$1…"],
];

/** Short lists, and nothing that is secret or looks like a test. */
function cleaned(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.slice(0, LONGEST_LIST).map((item) => cleaned(item, key));
  if (typeof value === "string") {
    if (SECRET.test(key)) return "…";
    return REPLACED.reduce((text, [found, shown]) => text.replaceAll(found, shown), value).trim();
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, cleaned(item, name)]),
  );
}

/** How much an example shows: filled fields in plain letters, up to a size that people still read. */
function worth({ request, response }: Recorded): number {
  const text = JSON.stringify([request, response]);
  if (text.length > 4_000 || LONG_WORD.test(text)) return 1_000 / text.length;
  const empty = text.match(/null|\[\]|""/g)?.length ?? 0;
  const strange = text.match(/[^ -~]/g)?.length ?? 0;
  return text.length - 8 * empty - 8 * strange;
}

/** As far as it is looked at here. */
interface Schema {
  $ref?: string;
  properties?: Record<string, unknown>;
}

interface Operation {
  requestBody?: { content: Record<string, { schema: Schema }> };
}

/** Whether a request has only fields that its description names: tests send others, to see them ignored. */
function isKnown(request: unknown, operation: Operation, schemas: Record<string, Schema>): boolean {
  const schema = operation.requestBody?.content["application/json"]?.schema;
  const name = schema?.$ref?.split("/").at(-1);
  const properties = (name ? schemas[name] : schema)?.properties;
  if (!properties || typeof request !== "object" || request === null) return true;
  return Object.keys(request).every((field) => field in properties);
}

function matcher(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, "[^/]+")}$`);
}

function readRecorded(folder: string): Recorded[] {
  return [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".jsonl")).flatMap((
    { name },
  ) =>
    Deno.readTextFileSync(join(folder, name)).split("\n").filter((line) => line !== "")
      .map((line): Recorded => JSON.parse(line))
  );
}

const [folder] = Deno.args;
if (!folder) throw new Error("Give the folder that RECORD_EXAMPLES named.");
const recorded = readRecorded(folder);
const { paths, components } = JSON.parse(Deno.readTextFileSync(documentPath));
const examples: Record<string, ApiExample> = JSON.parse(
  await Deno.readTextFile(target).catch(() => "{}"),
);
// A path without parameters is meant before one whose parameter would fit it.
const known = Object.keys(paths).sort((a, b) =>
  (a.match(/\{/g)?.length ?? 0) - (b.match(/\{/g)?.length ?? 0)
);
const best = new Map<string, Recorded>();
for (const exchange of recorded) {
  const path = known.find((one) => matcher(one).test(exchange.path));
  const operation = `${exchange.method} ${path}`;
  const described = path && paths[path][exchange.method.toLowerCase()];
  if (!described || !isKnown(exchange.request, described, components.schemas)) continue;
  const other = best.get(operation);
  if (!other || worth(exchange) > worth(other)) best.set(operation, exchange);
}
for (const [operation, { status, request, response }] of best) {
  examples[operation] = { status, request, response };
}
// Kept examples are cleaned again too: what is replaced may have changed since.
const sorted = Object.fromEntries(
  Object.entries(examples).sort(([a], [b]) => (a < b ? -1 : 1)).map(
    ([operation, { status, request, response }]) => [
      operation,
      { status, request: cleaned(request), response: cleaned(response) },
    ],
  ),
);
await Deno.writeTextFile(target, `${JSON.stringify(sorted, null, 1)}\n`);
say(`${Object.keys(sorted).length} operations have an example.`);
Deno.exit(0);
