import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../supabase/functions", import.meta.url));

/** The functions that are deployed: the folders that serve something. */
export function functionNames(): string[] {
  return [...Deno.readDirSync(folder)]
    .filter(({ name, isDirectory }) => isDirectory && !name.startsWith("_"))
    .map(({ name }) => name)
    .filter((name) =>
      [...Deno.readDirSync(join(folder, name))].some((file) => file.name === "index.ts")
    )
    .sort();
}
