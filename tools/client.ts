/*
 * The client package in client/:
 *
 *   deno task client            writes its types from the OpenAPI document
 *   deno task client --check    fails if they are stale, if the package holds what it should not, if publint or
 *                               arethetypeswrong report something, or if it is too large
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { messageOf, say, warn } from "../local/log.ts";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "client");
const generated = ["src/api.d.ts", "src/idempotent.ts"];
const maxBytes = 15_000;

async function run(command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd: folder,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const output = new TextDecoder().decode(stdout);
  if (!success) {
    throw new Error(
      `${command} ${args.join(" ")}:\n${output}${new TextDecoder().decode(stderr)}`,
    );
  }
  return output;
}

const readAll = (): Promise<string[]> =>
  Promise.all(generated.map((path) => Deno.readTextFile(join(folder, path))));

async function writeTypes(): Promise<boolean> {
  const before = await readAll().catch(() => []);
  await run("npm", "ci", "--no-audit", "--no-fund", "--silent");
  await run("npm", "run", "--silent", "types");
  return (await readAll()).every((text, index) => text === before[index]);
}

/** What is in the package: what the source files become, and nothing else. */
async function checkContents(): Promise<void> {
  const [packed] = JSON.parse(
    await run("npm", "pack", "--dry-run", "--json", "--ignore-scripts"),
  );
  const files: string[] = packed.files.map(({ path }: { path: string }) => path)
    .sort();
  const sources = [...Deno.readDirSync(join(folder, "src"))].map(({ name }) => name);
  const wanted = ["LICENSE", "README.md", "package.json", "dist/api.d.ts"];
  for (const name of sources) {
    const stem = name.replace(/(\.d)?\.ts$/, "");
    if (name !== "api.d.ts") {
      wanted.push(`dist/${stem}.js`, `dist/${stem}.d.ts`);
    }
  }
  if (JSON.stringify(files) !== JSON.stringify(wanted.sort())) {
    throw new Error(
      `The package holds ${files.join(", ")}, not ${wanted.join(", ")}.`,
    );
  }
}

async function checkSize(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [join(folder, "dist", "mod.js")],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    external: ["@supabase/supabase-js"],
  });
  const size = gzipSync(outputFiles[0]?.contents ?? new Uint8Array()).length;
  if (size > maxBytes) {
    throw new Error(`${size} bytes gzipped are more than ${maxBytes}.`);
  }
  say(`${size} bytes gzipped, openapi-fetch among them.`);
}

async function check(): Promise<void> {
  if (!await writeTypes()) {
    throw new Error("The client's types were stale: commit them.");
  }
  await run("npm", "run", "--silent", "build");
  await checkContents();
  await run("npx", "publint", "--strict");
  await run("npx", "attw", "--pack", ".", "--profile", "esm-only");
  await checkSize();
}

try {
  if (Deno.args.includes("--check")) await check();
  else await writeTypes();
  Deno.exit(0);
} catch (error) {
  warn(messageOf(error));
  Deno.exit(1);
}
