import { join } from "node:path";
import { splitStatements } from "../../local/database/statements.ts";

/** When a statement runs: definitions in the order of their dependencies, then rows, then audit triggers, then cron. */
export type Phase = "definition" | "data" | "audit" | "cron";

/** A statement of `supabase/schemas/` and the objects it makes and needs. */
export interface Statement {
  file: string;
  line: number;
  text: string;
  phase: Phase;
  /** The table, view, type or function that it creates. */
  makes: string | null;
  /** What must exist before it runs. */
  needs: string[];
  /** What a function's body names: it exists before, unless the two need each other. */
  prefers: string[];
}

const identifier = "[a-z_][a-z0-9_]*";
const name = `(?:public|private)\\.${identifier}`;

/** The kinds that name the same word differently: `f` a function, `r` a relation or type. */
const keyOf = (kind: "f" | "r", qualified: string) => `${kind} ${qualified}`;

function madeBy(text: string): string | null {
  const [, kind, made] = new RegExp(
    `^create (?:or replace )?(function|procedure|table|view|type|domain) (${name})`,
  )
    .exec(text) ??
    [];
  return made === undefined
    ? null
    : keyOf(kind === "function" || kind === "procedure" ? "f" : "r", made);
}

/** A name right before a parenthesis is a function's, any other a relation's or a type's. */
function namesIn(text: string): string[] {
  const plain = text.replace(/--[^\n]*/g, "").replace(/'(?:[^']|'')*'/g, "''");
  return [...plain.matchAll(new RegExp(`\\b(${name})(\\()?`, "g"))]
    .map(([, qualified = "", call]) => keyOf(call ? "f" : "r", qualified));
}

/** A function's head and its body: plpgsql and SQL read the body when they run. */
function splitBody(text: string): { head: string; body: string } {
  const [, head = "", , body = ""] = /^([^]*?\bas (\$\w*\$))([^]*)$/.exec(text) ?? [];
  return { head, body };
}

function phaseOf(file: string, text: string): Phase {
  if (file.endsWith("/data.sql")) return "data";
  if (file.endsWith("/cron.sql")) return "cron";
  return text.startsWith("select private.audit_table(") ? "audit" : "definition";
}

function read(file: string, text: string, line: number): Statement {
  const makes = madeBy(text);
  const { head, body } = /^create (function|procedure) /.test(text)
    ? splitBody(text)
    : { head: text, body: "" };
  const needs = new Set(namesIn(head));
  if (makes) needs.delete(makes);
  const prefers = namesIn(body).filter((named) => named !== makes);
  return {
    file,
    line,
    text,
    phase: phaseOf(file, text),
    makes,
    needs: [...needs],
    prefers,
  };
}

function filesBelow(folder: string): string[] {
  const entries = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  const files = entries.filter((entry) => entry.isFile && entry.name.endsWith(".sql"));
  const folders = entries.filter((entry) => entry.isDirectory);
  // tables.sql first: what is there to be read first.
  files.sort((a, b) => Number(b.name === "tables.sql") - Number(a.name === "tables.sql"));
  return [
    ...files.map((file) => join(folder, file.name)),
    ...folders.flatMap((below) => filesBelow(join(folder, below.name))),
  ];
}

/** All statements below a schemas folder, in the order of its files. */
export function readSchemas(folder: string): Statement[] {
  return filesBelow(folder).flatMap((path) => {
    const file = path.slice(folder.length + 1);
    return splitStatements(Deno.readTextFileSync(path))
      .map(({ text, line }) => read(file, text, line));
  });
}
