import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { documentConfig } from "../supabase/functions/_shared/openapi.ts";
import { tags } from "./openapi_tags.ts";
import { webhooksSection } from "./openapi_webhooks.ts";
import { codesTable } from "./problem_codes.ts";

const functionsDir = join(
  dirname(dirname(fileURLToPath(import.meta.url))),
  "supabase",
  "functions",
);

/** Where the document lies; the docs function serves this file. */
export const documentPath = join(functionsDir, "docs", "openapi.json");

type Json = Record<string, unknown>;

interface Part {
  paths?: Json;
  components?: Record<string, Json>;
}

interface Router {
  getOpenAPI31Document(config: typeof documentConfig): Part;
}

const isRouter = (value: unknown): value is Router =>
  typeof value === "object" && value !== null &&
  "getOpenAPI31Document" in value;

/** The names of all functions that have a router. */
export function functionNames(): string[] {
  return [...Deno.readDirSync(functionsDir)]
    .filter((entry) => entry.isDirectory && isFile(join(functionsDir, entry.name, "router.ts")))
    .map((entry) => entry.name).sort();
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function partOf(name: string): Promise<Part> {
  const module: { router?: unknown } = await import(
    pathToFileURL(join(functionsDir, name, "router.ts")).href
  );
  if (!isRouter(module.router)) {
    throw new Error(`${name}/router.ts exports no router.`);
  }
  return module.router.getOpenAPI31Document(documentConfig);
}

/** Adds what one function has to the whole; the same name for two different things is a mistake. */
function merge(whole: Json, part: Json, place: string): void {
  for (const [name, value] of Object.entries(part)) {
    const known = whole[name];
    if (
      known !== undefined && JSON.stringify(known) !== JSON.stringify(value)
    ) {
      throw new Error(`Two functions define ${place} "${name}" differently.`);
    }
    whole[name] = value;
  }
}

const sorted = (object: Json): Json =>
  Object.fromEntries(
    Object.entries(object).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  );

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * What the reference begins with: docs/api.md without its title, links to other pages as plain text, and the codes of all problems.
 */
async function introduction(): Promise<string> {
  const page = await Deno.readTextFile(join(root, "docs", "api.md"));
  const text = page.replace(/^# .*\n+/, "").replace(/\[([^\]]+)\]\((?!https?:)[^)]+\)/g, "$1");
  return `${text.trim()}\n\n## Codes\n\n${codesTable()}\n`;
}

interface Example {
  status: number;
  request: unknown;
  response: unknown;
}

type Content = Record<string, Json> | undefined;

/** Puts what a stack answered (docs/api_examples.json) beside the schemas of an operation. */
function addExample(operation: Json, { status, request, response }: Example): void {
  const body = (operation["requestBody"] as { content?: Content } | undefined)?.content;
  const json = body?.["application/json"];
  if (json && request !== null) json["example"] = request;
  const answers = operation["responses"] as Record<string, { content?: Content }>;
  const answer = answers[String(status)]?.content?.["application/json"];
  if (answer) answer["example"] = response;
}

async function addExamples(paths: Json): Promise<void> {
  const examples: Record<string, Example> = JSON.parse(
    await Deno.readTextFile(join(root, "docs", "api_examples.json")),
  );
  for (const [name, example] of Object.entries(examples)) {
    const [method = "", path = ""] = name.split(" ");
    const operation = (paths[path] as Record<string, Json> | undefined)?.[method.toLowerCase()];
    if (operation) addExample(operation, example);
  }
}

/** The whole API as one OpenAPI 3.1 document, in an order that does not depend on who comes first. */
export async function wholeDocument(): Promise<Json> {
  const paths: Json = {};
  const components: Record<string, Json> = {};
  for (const name of functionNames()) {
    const part = await partOf(name);
    merge(paths, part.paths ?? {}, "the path");
    for (const [kind, members] of Object.entries(part.components ?? {})) {
      merge(components[kind] ??= {}, members, `the component ${kind}`);
    }
  }
  await addExamples(paths);
  const { webhooks, schemas } = await webhooksSection();
  merge(components["schemas"] ??= {}, schemas, "the component schemas");
  const text = JSON.stringify(paths);
  return {
    ...documentConfig,
    info: { ...documentConfig.info, description: await introduction() },
    tags: tags.filter(({ name }) => text.includes(`"tags":["${name}"]`)),
    paths: sorted(paths),
    webhooks,
    components: sorted(
      Object.fromEntries(
        Object.entries(components).filter(([, members]) => Object.keys(members).length > 0)
          .map(([kind, members]) => [kind, sorted(members)]),
      ),
    ),
  };
}

/** The document as it is written: JSON that a person can compare. */
export const documentText = (document: Json): string => JSON.stringify(document, null, 2) + "\n";
