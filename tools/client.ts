/*
 * The client package in client/:
 *
 *   deno task client            writes its types from the OpenAPI document
 *   deno task client --check    fails if they are stale, if the package holds what it should not, if publint or
 *                               arethetypeswrong report something, if it is too large, or if Node.js cannot run it
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

/** The imports of the README's first example, and what they import, without the types. */
async function importsOfTheReadme(): Promise<string> {
  const text = await Deno.readTextFile(join(folder, "README.md"));
  const imports = text.match(/^import .*;$/gm) ?? [];
  const names = imports.flatMap((line) => line.match(/\{(.*)\}/)?.[1]?.split(",") ?? []);
  if (imports.length !== 2 || names.length < 3) {
    throw new Error("The README's example does not import the package and supabase-js.");
  }
  return `${imports.join("\n")}
for (const one of [${
    names.join(", ")
  }]) if (typeof one !== "function") throw new Error(String(one));
// Node.js 20 has none, and supabase-js asks for one although nothing is followed here.
globalThis.WebSocket ??= class {};
const [url, key] = ["http://127.0.0.1:9", "a key"];
const supabase = createClient(url, key);
const signalbox = createSignalbox({ supabase, url, key, retry: { attempts: 1 } });
const error = await signalbox.api.GET("/leads").then(() => null, (error) => error);
if (!(error instanceof TypeError) || isProblem(error)) throw new Error("Expected no connection: " + error);
`;
}

/** Installs the packed tarball as a customer would and has Node.js run it. */
async function checkInNode(): Promise<void> {
  const place = await Deno.makeTempDir({ prefix: "signalbox-client-" });
  try {
    const [packed] = JSON.parse(
      await run("npm", "pack", "--json", "--ignore-scripts", "--pack-destination", place),
    );
    const { devDependencies } = JSON.parse(await Deno.readTextFile(join(folder, "package.json")));
    await Deno.writeTextFile(join(place, "package.json"), '{"private":true,"type":"module"}');
    await run(
      "npm",
      ...["install", "--no-audit", "--no-fund", "--silent", "--prefix", place],
      ...[join(place, packed.filename)],
      `@supabase/supabase-js@${devDependencies["@supabase/supabase-js"]}`,
    );
    await Deno.writeTextFile(join(place, "example.mjs"), await importsOfTheReadme());
    await run("node", join(place, "example.mjs"));
  } finally {
    await Deno.remove(place, { recursive: true });
  }
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
  await checkInNode();
}

try {
  if (Deno.args.includes("--check")) await check();
  else await writeTypes();
  Deno.exit(0);
} catch (error) {
  warn(messageOf(error));
  Deno.exit(1);
}
