/*
 * What `deno task test:clocks` runs: tests as if it were another moment, for Deno and PostgreSQL alike. Without arguments it
 * is the tests that depend on time, at the moments of USUAL; names of moments choose others, `--all` all moments and all
 * tests. Needs Linux and a C compiler.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Moment, momentsAfter, USUAL } from "./clocks/moments.ts";
import { TIMED } from "./clocks/timed.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));

// deno-lint-ignore no-console -- what the command says.
const say = (line: string) => console.log(line);

/** A folder that every user can read: PostgreSQL may not run as root. The library that moves the clock is in it. */
async function prepare(): Promise<string> {
  const scratch = await Deno.makeTempDir({ prefix: "signalbox-clocks-" });
  await Deno.chmod(scratch, 0o755);
  const source = join(folder, "clocks", "offset.c");
  const { success, stderr } = await new Deno.Command("cc", {
    args: ["-O2", "-shared", "-fPIC", "-o", join(scratch, "offset.so"), source, "-ldl"],
  }).output();
  if (!success) throw new Error(`The clock's library: ${new TextDecoder().decode(stderr)}`);
  return scratch;
}

async function runAt({ name, at, zone }: Moment, scratch: string, tests: string[]) {
  say(`\n${name}: ${at.toISOString()}, in ${zone}`);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(folder, "run.ts"), ...tests],
    env: {
      LD_PRELOAD: join(scratch, "offset.so"),
      CLOCK_OFFSET_SECONDS: String(Math.round((at.getTime() - Date.now()) / 1_000)),
      TZ: zone,
      // A database that was prepared at another time is of no use to other stacks.
      SIGNALBOX_CACHE: join(scratch, "prepared"),
    },
  }).spawn();
  return (await child.status).success;
}

async function main(): Promise<number> {
  const all = Deno.args.includes("--all");
  const named = Deno.args.filter((argument) => !argument.startsWith("-"));
  const wanted = named.length > 0 ? named : USUAL;
  const moments = momentsAfter(new Date()).filter(({ name }) => all || wanted.includes(name));
  if (moments.length === 0) throw new Error(`There is no moment ${wanted.join(" or ")}.`);
  const scratch = await prepare();
  const failed: string[] = [];
  for (const moment of moments) {
    if (!await runAt(moment, scratch, all ? [] : TIMED)) failed.push(moment.name);
  }
  await Deno.remove(scratch, { recursive: true });
  say(failed.length > 0 ? `\nfailed at: ${failed.join(", ")}` : "\nall moments passed");
  return failed.length > 0 ? 1 : 0;
}

Deno.exit(await main());
