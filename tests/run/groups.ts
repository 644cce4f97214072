import { basename, join } from "node:path";
import type { TestFile } from "./files.ts";

/** Test files that one worker loads, so that what they import is loaded once. */
export interface Group {
  name: string;
  files: TestFile[];
}

/** About how much test code a worker gets, in bytes: so many workers that all cores are busy until the end. */
const GROUP_SIZE = 60_000;

/** Folders whose tests take longer than their size says: they wait for jobs, or start what the others have running. */
const SLOW = ["campaigns", "webhooks", "docs", "auth", "local", "tenancy", "sms", "analytics"];

const sizeOf = ({ files }: Group): number => files.reduce((sum, { size }) => sum + size, 0);

/** Groups of files, the longest first. A folder of `tests/` is one group, or several if it is large. */
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
  const isSlow = ({ name }: Group) => SLOW.includes(name.replace(/_\d+$/, ""));
  return groups.sort((a, b) => Number(isSlow(b)) - Number(isSlow(a)) || sizeOf(b) - sizeOf(a));
}

/**
 * A group for each file: those that `first` names before all others, in its order, then the largest first. For tests
 * that take minutes, so that no worker is left with several of them at the end.
 */
export function eachAlone(files: TestFile[], first: string[]): Group[] {
  const rank = ({ path }: TestFile) => {
    const place = first.findIndex((name) => path.endsWith(`/${name}_test.ts`));
    return place === -1 ? first.length : place;
  };
  return files.toSorted((a, b) => rank(a) - rank(b) || b.size - a.size)
    .map((file, index) => ({
      name: `${index + 1}_${basename(file.path, "_test.ts")}`,
      files: [file],
    }));
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
