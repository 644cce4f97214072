/*
 * What each function weighs when hosted Supabase bundles it: the bundler takes whole npm packages, not what is imported of
 * them, and accepts 5 MB. Measured as the edge runtime (Deno 2.1.4) resolves the folder that is deployed, compressed with
 * brotli at level 6. Fails if a function is larger. Its one argument is a copy of supabase/functions away from the
 * workspace, so that the deployed import map counts. The platform resolves versions itself and knows no lockfile: fails too if it
 * would now take a package in another version than the one that was tested.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { messageOf, say, warn } from "../local/log.ts";
import { edgeRuntimePath, output } from "./edge_runtime.ts";

const LIMIT_MB = 5;

interface Info {
  npmCache: string;
}

interface Graph {
  modules: { local?: string; specifier: string }[];
  npmPackages: Record<string, { name: string; version: string }>;
}

interface Size {
  raw: number;
  compressed: number;
}

function* filesBelow(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* filesBelow(path);
    else if (entry.isFile) yield path;
  }
}

function sizeOf(paths: Iterable<string>): Size {
  const size = { raw: 0, compressed: 0 };
  const contents: Uint8Array[] = [];
  for (const path of paths) contents.push(Deno.readFileSync(path));
  const whole = new Uint8Array(
    contents.reduce((length, content) => length + content.length, 0),
  );
  for (const content of contents) {
    whole.set(content, size.raw);
    size.raw += content.length;
  }
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 6,
    [constants.BROTLI_PARAM_SIZE_HINT]: size.raw,
  };
  size.compressed = brotliCompressSync(whole, { params }).length;
  return size;
}

const megabytes = (bytes: number) => bytes / 1_000_000;
const shown = (bytes: number) => megabytes(bytes).toFixed(1).padStart(6);

/** The packages, with their versions, that the lockfile has; what follows an underscore are its peers. */
function testedPackages(): Set<string> {
  const lockfile = fileURLToPath(new URL("../deno.lock", import.meta.url));
  const { npm }: { npm: Record<string, unknown> } = JSON.parse(Deno.readTextFileSync(lockfile));
  return new Set(Object.keys(npm).map((key) => key.replace(/(?<=.@[^_]*)_.*$/, "")));
}

/** Functions with the same packages share the measurement of these. */
async function measure(
  folder: string,
): Promise<{ sizes: [string, Size][]; resolved: Set<string> }> {
  const runtime = await edgeRuntimePath();
  const info = async <T>(...args: string[]): Promise<T> =>
    JSON.parse(await output(runtime, ["info", "--json", ...args], folder));
  const names = [...Deno.readDirSync(folder)]
    .filter((entry) => entry.isDirectory && !entry.name.startsWith("_")).map((
      { name },
    ) => name);
  const entries = names.map((name) => `${name}/index.ts`);
  await output(
    runtime,
    ["cache", "--no-lock", "--no-check", ...entries],
    folder,
  );
  const { npmCache } = await info<Info>();
  const packages = new Map<string, Size>();
  const sizes: [string, Size][] = [];
  const resolved = new Set<string>();
  for (const name of names.sort()) {
    const graph = await info<Graph>("--no-lock", `${name}/index.ts`);
    for (const { name, version } of Object.values(graph.npmPackages)) {
      resolved.add(`${name}@${version}`);
    }
    const folders = [
      ...new Set(
        Object.values(graph.npmPackages).map(({ name, version }) =>
          join(npmCache, "registry.npmjs.org", name, version)
        ),
      ),
    ].sort();
    const key = folders.join(" ");
    const shared = packages.get(key) ??
      sizeOf(folders.flatMap((path) => [...filesBelow(path)]));
    packages.set(key, shared);
    const modules = graph.modules.flatMap(({ local }) => local === undefined ? [] : [local]);
    // Its static files, such as fonts.
    const files = [...filesBelow(join(folder, name))].filter((path) => !/\.(ts|json)$/.test(path));
    const own = sizeOf([...modules, ...files]);
    sizes.push([name, {
      raw: shared.raw + own.raw,
      compressed: shared.compressed + own.compressed,
    }]);
  }
  return { sizes, resolved };
}

async function main(): Promise<number> {
  const [folder] = Deno.args;
  if (folder === undefined) {
    throw new Error("Give a copy of supabase/functions.");
  }
  const { sizes, resolved } = await measure(folder);
  say("function                raw  brotli  (MB)");
  for (const [name, { raw, compressed }] of sizes) {
    say(`${name.padEnd(20)} ${shown(raw)}  ${shown(compressed)}`);
  }
  const large = sizes.filter(([, { compressed }]) => megabytes(compressed) > LIMIT_MB);
  for (const [name] of large) warn(`${name} is larger than ${LIMIT_MB} MB.`);
  const untested = resolved.difference(testedPackages());
  for (const name of untested) {
    warn(`${name} would be deployed, but deno.lock has another version: update it and test.`);
  }
  return large.length + untested.size > 0 ? 1 : 0;
}

try {
  Deno.exit(await main());
} catch (error) {
  warn(messageOf(error));
  Deno.exit(1);
}
