import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What a problem's code means. */
export interface ProblemCode {
  status: number;
  code: string;
  /** The sentence of the first place that uses it; parts that differ from case to case are left out. */
  meaning: string;
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function* filesBelow(folder: string): Generator<string> {
  for (const entry of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory && entry.name !== "node_modules") yield* filesBelow(path);
    else if (/\.(sql|ts)$/.test(entry.name) && entry.name !== "database.types.ts") yield path;
  }
}

const SQL = /private\.problem\(\s*(\d{3}),\s*'([a-z_0-9]+)'(?:,\s*'((?:[^']|'')*)')?/g;
const TYPESCRIPT = /new Problem\(\s*(\d{3}),\s*"([a-z_0-9]+)"(?:,\s*"((?:[^"\\]|\\.)*)")?/g;

/** Every code that the source names, by status and code. */
export function problemCodes(): ProblemCode[] {
  const found = new Map<string, ProblemCode>();
  for (const folder of ["supabase/functions", "supabase/schemas"]) {
    for (const path of filesBelow(join(root, folder))) {
      const text = Deno.readTextFileSync(path);
      for (
        const [, status, code = "", detail = ""] of text.matchAll(
          path.endsWith(".sql") ? SQL : TYPESCRIPT,
        )
      ) {
        const meaning = detail.replaceAll("''", "'").replaceAll('\\"', '"');
        const key = `${status} ${code}`;
        const known = found.get(key);
        if (!known) found.set(key, { status: Number(status), code, meaning });
        else if (known.meaning === "") known.meaning = meaning;
      }
    }
  }
  return [...found.values()].sort((a, b) => a.status - b.status || (a.code < b.code ? -1 : 1));
}

/** The codes as a table in Markdown. */
export function codesTable(): string {
  const rows = problemCodes().map(({ status, code, meaning }) =>
    `| ${status} | \`${code}\` | ${meaning.replaceAll("|", "\\|")} |`
  );
  return ["| status | code | for example |", "| --- | --- | --- |", ...rows].join("\n");
}
