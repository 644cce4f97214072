import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { anchorsOf, codeSpansOf, filesBelow, linksOf } from "./markdown.ts";
import { fault, knownNames, missingObjects } from "./names.ts";

/*
 * What the documentation names exists: files, SQL names, columns, endpoints, tasks, identifiers and links.
 */

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const read = (path: string): string => Deno.readTextFileSync(join(root, path));
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...filesBelow(root, "docs").filter((path) => path.endsWith(".md")),
];

/** These pages are about other systems, whose names are theirs. */
const isForeign = (page: string) => page.startsWith("docs/migration");

Deno.test("Every page names files, endpoints, tasks, columns and identifiers that exist", () => {
  const known = knownNames(root);
  const faults = pages.filter((page) => !isForeign(page)).flatMap((page) =>
    codeSpansOf(read(page)).flatMap((code) => {
      const found = fault(code, known);
      return found === null ? [] : [`${page}: ${found}`];
    })
  );
  assert.deepEqual([...new Set(faults)], []);
});

Deno.test("Every page names tables and functions of the database that exist", () => {
  const known = knownNames(root);
  const faults = pages.flatMap((page) =>
    missingObjects(read(page), known).map((name) => `${page}: there is no ${name}`)
  );
  assert.deepEqual(faults, []);
});

Deno.test("No file has the marks of a conflict between versions", () => {
  const texts = filesBelow(root).filter((path) =>
    /\.(md|ts|sql|inc|json|sh|toml|html|css)$/.test(path)
  );
  const faults = texts.filter((path) => /^[|# ]*(<{7}|>{7}) /m.test(read(path)));
  assert.deepEqual(faults, []);
});

Deno.test("Every link leads to a page, and to a heading of it", () => {
  const { paths } = knownNames(root);
  const faults = pages.flatMap((page) =>
    linksOf(read(page)).filter((target) => {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : join(dirname(page), path);
      if (!paths.has(file)) return true;
      return anchor !== undefined && !anchorsOf(read(file)).includes(anchor);
    }).map((target) => `${page}: ${target}`)
  );
  assert.deepEqual(faults, []);
});

Deno.test("The table of subjects names every schema folder, function and pgTAP file", () => {
  const page = read("docs/architecture.md");
  const named = new Set(page.slice(page.indexOf("## Where to look")).match(/`[^`]+`/g));
  const entries = (folder: string) => [...Deno.readDirSync(join(root, folder))];
  const wanted = [
    ...entries("supabase/schemas").map(({ name }) => name),
    ...entries("supabase/functions").filter(({ isDirectory }) => isDirectory)
      .map(({ name }) => name).filter((name) => name !== "node_modules"),
    ...entries("supabase/tests").filter(({ name }) => name.endsWith(".test.sql"))
      .map(({ name }) => name.slice(0, 3)),
  ];
  assert.deepEqual(wanted.filter((name) => !named.has(`\`${name}\``)), []);
});

Deno.test("The page of the jobs lists those that there are", () => {
  const listed = [...read("docs/subjects/jobs.md").matchAll(/^\| (?:– )?`([a-z-]+)`/gm)]
    .map(([, name]) => name).sort();
  const rows = [...read("supabase/schemas/90_jobs/data.sql").matchAll(/^ {2}\('([a-z-]+)', /gm)]
    .map(([, name]) => name).sort();
  assert.deepEqual(listed, rows);
});

Deno.test("Every job that the database starts in a function is an endpoint of it", () => {
  const { endpoints } = knownNames(root);
  const schemas = filesBelow(root, "supabase/schemas").filter((path) => path.endsWith(".sql"));
  const started = schemas.flatMap((path) => read(path).match(/(?<=')jobs\/[a-z-]+(?=')/g) ?? []);
  assert.deepEqual(
    [...new Set(started)].filter((path) => !endpoints.has(`POST /${path}`)),
    [],
  );
});
