import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Bench, type Benchmark, median } from "./support/benchmark.ts";
import { root } from "./support/stack.ts";

const rounds = 9;
const functionsDir = join(root, "supabase", "functions");

/** Imports an entry in a process of its own; milliseconds from its first module to the call of Deno.serve. */
async function importTime(entry: string, env: Record<string, string>): Promise<number> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      join(root, "bench", "fixtures", "import_time.ts"),
      pathToFileURL(entry).href,
    ],
    cwd: root,
    env,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return Number(new TextDecoder().decode(stdout));
}

async function functionNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(functionsDir)) {
    if (isDirectory && !name.startsWith("_")) names.push(name);
  }
  return names.sort();
}

async function run({ status }: Bench) {
  const env = { SUPABASE_URL: status.api_url };
  const names = await functionNames();
  const entries = new Map([
    ["", join(root, "bench", "fixtures", "empty_function.ts")],
    ...names.map((name) => [name, join(functionsDir, name, "index.ts")] as const),
  ]);
  const times = new Map(Array.from(entries.keys(), (name) => [name, [] as number[]]));
  // The first round compiles and fills the caches, as the platform's deployment does.
  for (let round = -1; round < rounds; round++) {
    for (const [name, entry] of entries) {
      const time = await importTime(entry, env);
      if (round >= 0) times.get(name)?.push(time);
    }
  }
  const baseline = median(times.get("") ?? []);
  return {
    rows: names.map((what) => ({
      what,
      ours: median(times.get(what) ?? []),
      baseline,
      unit: "ms",
      target: { atMost: 2 },
    })),
    notes: [
      "From the first module's first line to `Deno.serve`, in a fresh process with warm caches. The baseline is a function " +
      "that imports hono, zod and supabase-js and has one route. All functions are measured in turn, the baseline with them.",
    ],
  };
}

/** How long each function takes to start, against an empty one. */
export const coldStart: Benchmark = { title: "Cold start", run };
