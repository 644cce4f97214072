import { join } from "node:path";
import { withOldDatabase } from "../tests/support/legacy.ts";
import { MANY_CUSTOMERS } from "../tests/support/old_customers.ts";
import { demoOrganization } from "./support/api.ts";
import type { Bench, Benchmark } from "./support/benchmark.ts";
import { root } from "./support/stack.ts";

const customers = Number(Deno.env.get("LEGACY_CUSTOMERS") ?? 200_000);
/** Deno's --v8-flags do not count: what the system gives the process is what must fit. */
const LOOK_EVERY_MS = 500;

interface Use {
  seconds: number;
  /** Seconds of a processor that the command itself used; PostgreSQL's are not in it. */
  cpu: number;
  /** The most memory that it held, in MB. */
  memory: number;
}

/** What Linux counts about a process so far; null: it is gone. */
async function usedBy(pid: number): Promise<Omit<Use, "seconds"> | null> {
  try {
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    const [utime = "0", stime = "0"] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11);
    const peak = /VmHWM:\s+(\d+) kB/.exec(await Deno.readTextFile(`/proc/${pid}/status`))?.[1];
    return peak === undefined
      ? null
      : { cpu: (Number(utime) + Number(stime)) / 100, memory: Number(peak) / 1024 };
  } catch {
    return null;
  }
}

/** Runs the command to its end. @throws unless everything that can be read is there. */
async function importOnce({ status }: Bench, from: string, report: string): Promise<Use> {
  const started = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      join(root, "tools", "import_legacy.ts"),
      "--kind",
      "insight-ops",
      "--from",
      from,
      "--to",
      status.db_url,
      "--organization",
      demoOrganization,
      "--report",
      report,
    ],
    cwd: root,
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const ended = child.status;
  let use = { cpu: 0, memory: 0 };
  let isOver = false;
  ended.then(() => isOver = true);
  while (!isOver) {
    use = await usedBy(child.pid) ?? use;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  const { code } = await ended;
  if (code !== 0) throw new Error(`The import ended with ${code}.`);
  return { ...use, seconds: (performance.now() - started) / 1000 };
}

const rowsOf = (what: string, { seconds, cpu, memory }: Use) => {
  const per = customers / 100_000;
  return [
    { what: `${what}, 100,000 customers`, ours: seconds / per, unit: "s" },
    { what: `${what}, CPU of the command, 100,000 customers`, ours: cpu / per, unit: "s" },
    { what: `${what}, most memory of the command`, ours: memory, unit: "MB" },
  ];
};

/** An old service's customers brought over, and once more when they are all there; each run compares both sides. */
export const legacyImport: Benchmark = {
  title: "Moving in",
  async run(bench) {
    let found: [Use, Use] | undefined;
    await withOldDatabase(MANY_CUSTOMERS, async (old) => {
      bench.say(`${customers.toLocaleString("en")} customers in the old database …`);
      await old.sql`select fill(${customers})`;
      await old.sql`analyze customers`;
      const report = await Deno.makeTempDir();
      found = [await importOnce(bench, old.url, report), await importOnce(bench, old.url, report)];
      await Deno.remove(report, { recursive: true });
    }, bench.status.db_url);
    if (!found) throw new Error("The work on the old database did not run.");
    return {
      rows: [...rowsOf("first import", found[0]), ...rowsOf("import again", found[1])],
      notes: [
        `The import of Insight Ops Flow with ${customers.toLocaleString("en")} customers ` +
        "(`LEGACY_CUSTOMERS`), local numbers and amounts as people write them, one in a hundred without a number and " +
        "listed. The time is that of the whole command: opt-outs looked for, rows read and written, and both sides " +
        "compared at the end. The old database is on the same server, which works on both sides at once.",
      ],
    };
  },
};
