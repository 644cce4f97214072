import { join } from "node:path";
import { inOrder } from "./order.ts";
import { readSchemas } from "./statements.ts";

/** The first line of a migration that no database has yet. Without it the file is not written again. */
const open =
  "-- Written by `deno task schema` from supabase/schemas, which is what people read and change.";
const closed =
  "-- Deployed: changes come as migrations of their own (`deno task schema <name>`). Written from supabase/schemas.";

/** The folder of schemas and the migrations that are made from it. */
export interface Project {
  schemas: string;
  migrations: string;
}

/** The project's folders below its root. */
export const projectAt = (root: string): Project => ({
  schemas: join(root, "supabase", "schemas"),
  migrations: join(root, "supabase", "migrations"),
});

/** The migrations of a database that has nothing yet, by file name. */
export function scriptsOf(project: Project): Map<string, string> {
  const statements = inOrder(readSchemas(project.schemas));
  const script = (isCron: boolean) =>
    statements.filter(({ phase }) => (phase === "cron") === isCron).map((
      { text },
    ) => `\n${text};\n`)
      .join("");
  return new Map([
    [
      "20261201000000_baseline.sql",
      "-- Functions name tables that come after them.\nset check_function_bodies = off;\n" +
      `${script(false)}\nreset check_function_bodies;\n`,
    ],
    // In a transaction of its own: see the comment in supabase/schemas/90_jobs/cron.sql.
    ["20261201000001_schedules.sql", script(true)],
  ]);
}

/** Whether databases have the baseline already, so that it must stay as it is. */
export function isClosed(project: Project): boolean {
  const names = new Set(scriptsOf(project).keys());
  const migrations = [...Deno.readDirSync(project.migrations)].map(({ name }) => name)
    .filter((name) => name.endsWith(".sql"));
  return migrations.some((name) => !names.has(name) || read(project, name).startsWith(closed));
}

/** Writes the baseline again. */
export function writeBaseline(project: Project): void {
  Deno.mkdirSync(project.migrations, { recursive: true });
  for (const [name, script] of scriptsOf(project)) {
    write(project, name, `${open}\n${script}`);
  }
}

/** Whether the baseline is what the schemas say. */
export const isFresh = (project: Project): boolean =>
  [...scriptsOf(project)].every(([name, script]) => read(project, name) === `${open}\n${script}`);

/** Marks the baseline as deployed. */
export function closeBaseline(project: Project): void {
  for (const [name, script] of scriptsOf(project)) {
    write(project, name, `${closed}\n${script}`);
  }
}

/** The text of a migration; empty where there is no such file. */
function read(project: Project, name: string): string {
  try {
    return Deno.readTextFileSync(join(project.migrations, name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

const write = (project: Project, name: string, text: string): void =>
  Deno.writeTextFileSync(join(project.migrations, name), text);
