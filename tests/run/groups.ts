import { join } from "node:path";
import type { TestFile } from "./files.ts";

/** Test files that one worker loads, so that what they import is loaded once. */
export interface Group {
  name: string;
  files: TestFile[];
}

/** About how much test code a worker gets, in bytes: so many workers that all cores are busy until the end. */
const GROUP_SIZE = 60_000;

const sizeOf = ({ files }: Group): number => files.reduce((sum, { size }) => sum + size, 0);

/** Groups of files, the largest first. A folder of `tests/` is one group, or several if it is large. */
export function groupsOf(files: TestFile[]): Group[] {
  const folders = Map.groupBy(files, ({ path }) => path.split("/")[1] ?? "");
  const groups = [...folders].flatMap(([name, all]) => {
    const count = Math.ceil(sizeOf({ name, files: all }) / GROUP_SIZE);
    const parts: Group[] = Array.from(
      { length: count },
      (_, part) => ({ name: `${name}_${part + 1}`, files: [] }),
    );
    for (const file of all.toSorted((a, b) => b.size - a.size)) {
      const smallest = parts.reduce((a, b) => sizeOf(b) < sizeOf(a) ? b : a);
      smallest.files.push(file);
    }
    return parts;
  });
  return groups.sort((a, b) => sizeOf(b) - sizeOf(a));
}

/** Writes a module for each group, which imports its files, into a folder of the checkout; gives the modules' paths. */
export function writeModules(root: string, folder: string, groups: Group[]): string[] {
  Deno.mkdirSync(join(root, folder));
  return groups.map(({ name, files }) => {
    const path = `${folder}/${name}_test.ts`;
    const imports = files.map((file) => `import "../../${file.path}";\n`);
    Deno.writeTextFileSync(join(root, path), imports.join(""));
    return path;
  });
}
