import { join } from "node:path";
import { filesBelow } from "./markdown.ts";

/** What documentation may name: the repository's files and the names that its code uses. */
export interface Known {
  /** Files and folders, relative to the root. */
  paths: Set<string>;
  /** Tables, views, types and functions, as `schema.name`. */
  objects: Set<string>;
  /** Columns of tables, as `table.column`. */
  columns: Set<string>;
  /** Every word of the code. */
  words: Set<string>;
  /** Endpoints, as `GET /leads/{}`. */
  endpoints: Set<string>;
  tasks: Set<string>;
}

const SOURCES =
  /^(supabase|local|tools|bench|tests)\/.*\.(ts|sql|toml|inc)$|^deno\.json$|^\.ci\/run$/;

/** Reads what is known from a checkout. */
export function knownNames(root: string): Known {
  const files = filesBelow(root);
  const read = (path: string) => Deno.readTextFileSync(join(root, path));
  const sql = files.filter((path) => path.startsWith("supabase/schemas/") && path.endsWith(".sql"))
    .map(read).join("\n");
  const code = files.filter((path) =>
    SOURCES.test(path) && !path.startsWith("supabase/migrations/") &&
    !path.startsWith("tests/docs/")
  ).map(read).join("\n");
  return {
    paths: new Set([...files, ...files.flatMap(foldersOf)]),
    objects: new Set(
      [...sql.matchAll(/^create (?:function|procedure|table|view|type) (\w+\.\w+)/gm)]
        .map(([, name]) => name ?? ""),
    ),
    columns: columnsOf(sql),
    words: new Set(`${code}\n${files.join("\n")}`.match(/[A-Za-z_][\w-]*/g)),
    endpoints: endpointsOf(JSON.parse(read("supabase/functions/docs/openapi.json"))),
    tasks: new Set(Object.keys(JSON.parse(read("deno.json")).tasks)),
  };
}

const foldersOf = (path: string): string[] =>
  [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));

function columnsOf(sql: string): Set<string> {
  const tables = sql.matchAll(/^create table \w+\.(\w+) \(\n([\s\S]*?)^\)/gm);
  return new Set(
    [...tables].flatMap(([, table, body]) =>
      [...(body ?? "").matchAll(/^ {2}"?(\w+)"? /gm)].map(([, column]) => `${table}.${column}`)
    ),
  );
}

/** Endpoints are the same whatever their parameters are called. */
const withoutNames = (path: string): string => path.replace(/\{[^}]*\}/g, "{}");

function endpointsOf(document: { paths: Record<string, Record<string, unknown>> }): Set<string> {
  return new Set(
    Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${withoutNames(path)}`)
    ),
  );
}

const isFile = (code: string) =>
  /^\.?[\w-]+(\/\.?[\w.-]+)*\.(ts|sql|md|toml|json|inc|sh|xlsx)$/.test(code);
const isBelowRoot = (code: string) =>
  /^(supabase|tests|local|docs|tools|bench|\.ci)\/[\w./-]*$/.test(code);

/**
 * Why something in `code` names nothing that there is; null: it does, or is no name that can be checked. Files may be named
 * by the end of their path.
 */
export function fault(code: string, known: Known): string | null {
  if (/[<>…*$]/.test(code)) return null;
  if (isBelowRoot(code)) {
    return known.paths.has(code.replace(/\/$/, "")) ? null : `there is no ${code}`;
  }
  if (isFile(code)) {
    const found = [...known.paths].some((path) => path === code || path.endsWith(`/${code}`));
    return found ? null : `there is no file ${code}`;
  }
  const folder = /^\d\d_\w+$/.test(code) ? `supabase/schemas/${code}` : null;
  if (folder) return known.paths.has(folder) ? null : `there is no folder ${folder}`;
  const [, methods, path] = /^((?:[A-Z]+, )*[A-Z]+) (\/[^\s?]*)/.exec(code) ?? [];
  if (methods && path) return endpointFault(methods.split(", "), path, known);
  const [, task] = /^(?:deno )?task (\w+)/.exec(code) ?? [];
  if (task) return known.tasks.has(task) ? null : `there is no task ${task}`;
  return wordFault(code, known);
}

function endpointFault(methods: string[], path: string, known: Known): string | null {
  const endpoint = withoutNames(path.replace("/functions/v1", "")).replace(/\/$/, "");
  if (endpoint.startsWith("/api")) return null;
  const missing = methods.find((method) => !known.endpoints.has(`${method} ${endpoint}`));
  return missing ? `there is no endpoint ${missing} ${path}` : null;
}

function wordFault(code: string, known: Known): string | null {
  const [, table, column] = /^([a-z_]+)\.([a-z_]+)$/.exec(code) ?? [];
  if (table && [...known.columns].some((name) => name.startsWith(`${table}.`))) {
    return known.columns.has(code) ? null : `${table} has no column ${column}`;
  }
  const name = code.replace(/\(\)$/, "");
  const isName = /^[a-z]\w*[_-][\w-]*\w$|^[a-z]+[A-Z]\w*$|^[A-Z]+_[A-Z_]+$|^([A-Z][a-z]+){2,}$/;
  return !isName.test(name) || known.words.has(name) ? null : `nothing is called ${name}`;
}

/** Names of the database in any text, code or prose, that there are not. */
export const missingObjects = (text: string, known: Known): string[] =>
  [...new Set(text.match(/\b(?:private|public)\.[a-z]\w*/g))]
    .filter((name) => !known.objects.has(name));
