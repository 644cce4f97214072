import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SheetError, type SheetErrorCode } from "../supabase/functions/_shared/sheet/error.ts";
import { MEANINGS, NAMED_BY_STATUS } from "./problem_meanings.ts";
import { callsOf, type Language, literalOf, namesIn } from "./source_calls.ts";

/** What a problem's code means. */
export interface ProblemCode {
  status: number;
  code: string;
  /** A sentence: from problem_meanings.ts, otherwise the first whole one in the source. */
  meaning: string;
}

/** A place that refuses with some codes. */
interface Refusal {
  statuses: number[];
  codes: string[];
  /** Undefined: it is put together when it is raised. */
  detail: string | undefined;
}

/** Where the arguments of a function that refuses stand. A status above 100 is always that one. */
interface Shape {
  status: number;
  code: number;
  detail: number;
}

const SQL: Record<string, Shape> = {
  "private.problem": { status: 0, code: 1, detail: 2 },
  "private.report_problem": { status: 0, code: 1, detail: 3 },
  "private.require_report": { status: 422, code: 1, detail: 3 },
  "private.returned_problem": { status: 0, code: 1, detail: 2 },
};
const TYPESCRIPT: Record<string, Shape> = {
  "new Problem": { status: 0, code: 1, detail: 2 },
  "new SheetError": { status: 422, code: 0, detail: 1 },
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function* filesBelow(folder: string): Generator<string> {
  for (const entry of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory && entry.name !== "node_modules") yield* filesBelow(path);
    else if (/\.(sql|ts)$/.test(entry.name) && entry.name !== "database.types.ts") yield path;
  }
}

/** The status of a call's code: files that cannot be read have theirs from _shared/sheet/error.ts. */
function statusesOf(name: string, { status }: Shape, args: string[], codes: string[]): number[] {
  if (name === "new SheetError") {
    return codes.map((code) => new SheetError(code as SheetErrorCode, "").status);
  }
  return status > 100 ? [status] : (args[status]?.match(/\b\d{3}\b/g) ?? []).map(Number);
}

/**
 * The refusals in a source text. What only passes on the code of another place has none.
 * @throws Error if a code is put together in a way that cannot be read here
 */
export function refusalsOf(text: string, language: Language): Refusal[] {
  const shapes = language === "sql" ? SQL : TYPESCRIPT;
  return callsOf(text, Object.keys(shapes), language).flatMap(({ name, args }) => {
    const shape = shapes[name] as Shape;
    const given = args[shape.code] ?? "";
    const codes = NAMED_BY_STATUS[given] ?? namesIn(given, language);
    const statuses = statusesOf(name, shape, args, codes);
    if (codes.length > 0 && statuses.length > 0) {
      return [{ statuses, codes, detail: literalOf(args[shape.detail] ?? "", language) }];
    }
    // A wrapper's own declaration, a grant, or an error that is passed on.
    if (/^(code\b|text$|error\.|\w+\.code$)/.test(given)) return [];
    throw new Error(`The code of ${name}(${args.join(", ").slice(0, 200)}) cannot be read.`);
  });
}

const isSentence = (text: string): boolean => /^["A-Z].*\.$/s.test(text);

function refusalsOfSource(): Refusal[] {
  return ["supabase/functions", "supabase/schemas"].flatMap((folder) =>
    [...filesBelow(join(root, folder))].flatMap((path) =>
      refusalsOf(Deno.readTextFileSync(path), path.endsWith(".sql") ? "sql" : "typescript")
    )
  );
}

/**
 * Every code that the source names, by status and code.
 * @throws Error if one has no whole sentence, or problem_meanings.ts has one that no place uses
 */
export function problemCodes(): ProblemCode[] {
  const found = new Map<string, ProblemCode>();
  for (const { statuses, codes, detail = "" } of refusalsOfSource()) {
    for (const status of statuses) {
      for (const code of codes) {
        const key = `${status} ${code}`;
        const known = found.get(key) ?? { status, code, meaning: MEANINGS[key] ?? "" };
        if (known.meaning === "" && isSentence(detail)) known.meaning = detail;
        found.set(key, known);
      }
    }
  }
  const faults = [
    ...[...found].filter(([, { meaning }]) => !isSentence(meaning)).map(([key]) =>
      `"${key}" needs a sentence in tools/problem_meanings.ts.`
    ),
    ...Object.keys(MEANINGS).filter((key) => !found.has(key)).map((key) =>
      `"${key}" of tools/problem_meanings.ts is not used.`
    ),
  ];
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return [...found.values()].sort((a, b) => a.status - b.status || (a.code < b.code ? -1 : 1));
}

/** The codes as a table in Markdown. */
export function codesTable(): string {
  const rows = problemCodes().map(({ status, code, meaning }) =>
    `| ${status} | \`${code}\` | ${meaning.replaceAll("|", "\\|")} |`
  );
  return ["| status | code | for example |", "| --- | --- | --- |", ...rows].join("\n");
}
