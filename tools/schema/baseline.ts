import { join } from "node:path";
import { inOrder } from "./order.ts";
import { readSchemas } from "./statements.ts";

const name = "20261201000000_baseline.sql";
/** The first line of a baseline that no database has yet. Without it the file is not written again. */
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

/** All of the schemas as one script, in an order that PostgreSQL takes. */
export function scriptOf(project: Project): string {
  const statements = inOrder(readSchemas(project.schemas));
  return [
    "-- Functions name tables that come after them.",
    "set check_function_bodies = off;",
    ...statements.map(({ text }) => `\n${text};`),
    "\nreset check_function_bodies;\n",
  ].join("\n");
}

/** Whether databases have the baseline already, so that it must stay as it is. */
export function isClosed(project: Project): boolean {
  const migrations = [...Deno.readDirSync(project.migrations)].filter(({ name }) =>
    name.endsWith(".sql")
  );
  if (migrations.length > 1) return true;
  return migrations.length === 1 && readBaseline(project).startsWith(closed);
}

/** Writes the baseline anew. */
export function writeBaseline(project: Project): void {
  Deno.mkdirSync(project.migrations, { recursive: true });
  Deno.writeTextFileSync(join(project.migrations, name), `${open}\n${scriptOf(project)}`);
}

/** Whether the baseline is what the schemas say. */
export const isFresh = (project: Project): boolean =>
  readBaseline(project) === `${open}\n${scriptOf(project)}`;

/** Marks the baseline as deployed. */
export function closeBaseline(project: Project): void {
  const [, ...rest] = readBaseline(project).split("\n");
  Deno.writeTextFileSync(join(project.migrations, name), [closed, ...rest].join("\n"));
}

const readBaseline = (project: Project) => Deno.readTextFileSync(join(project.migrations, name));
