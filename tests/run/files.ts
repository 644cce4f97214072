import { basename, dirname, join } from "node:path";

/** A test file below the root of the checkout, and how long its text is. */
export interface TestFile {
  path: string;
  size: number;
}

const isTest = (name: string) => name.endsWith("_test.ts");

/** All test files of a folder, in the order of their paths. */
export function testFiles(root: string, folder: string): TestFile[] {
  const found: TestFile[] = [];
  for (const entry of Deno.readDirSync(join(root, folder))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory && !entry.name.startsWith(".")) found.push(...testFiles(root, path));
    else if (isTest(entry.name)) found.push({ path, size: Deno.statSync(join(root, path)).size });
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
}

/**
 * The test files that an argument names: a path, a folder of `tests/` such as `leads`, or the beginning of a file's name
 * in such a folder, as in `leads/import`. Throws a sentence if there are none.
 */
export function filesNamed(root: string, argument: string): TestFile[] {
  const path = argument.replace(/^(\.\/)?(tests\/)?/, "tests/").replace(/\/$/, "");
  const found = testFiles(root, "tests").filter((file) =>
    file.path === path || file.path.startsWith(`${path}/`) ||
    (dirname(file.path) === dirname(path) && basename(file.path).startsWith(basename(path)))
  );
  if (found.length === 0) throw new Error(`No test file is called ${argument}.`);
  return found;
}
