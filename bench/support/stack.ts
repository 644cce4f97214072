import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import type { Status } from "../../local/status_file.ts";
import { freePorts } from "../../tests/support/free_ports.ts";

/** The checkout. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 15_000;

/** How to stop what runs now, also what is still starting. */
const running = new Set<() => Promise<void>>();

/** Stops every stack; for when this process has to end early. */
export const stopAll = (): Promise<unknown> => Promise.all(Array.from(running, (stop) => stop()));

/** A stack in a process of its own, with an empty folder that goes when it stops. */
export interface BenchStack {
  status: Status;
  sql: postgres.Sql;
  /** What it printed, the functions' log lines among it. */
  log(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a stack on free ports. @throws with what it said, when it does not come up. */
export async function startStack(firstPort: number): Promise<BenchStack> {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-bench-" });
  const logFile = join(folder, "stack.log");
  const output = await Deno.open(logFile, { write: true, create: true });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "local/main.ts"],
    cwd: root,
    env: { SIGNALBOX_PORT: String(freePorts(firstPort)), SIGNALBOX_DATA: folder },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const copied = Promise.all([child.stdout, child.stderr].map((stream) => copy(stream, output)));
  const end = () => {
    running.delete(end);
    return stop(child, folder, copied.then(() => output.close()));
  };
  running.add(end);
  const status = await ready(child, folder);
  if (status === null) {
    const said = await Deno.readTextFile(logFile);
    await end();
    throw new Error(`The stack did not start:\n${said}`);
  }
  const sql = postgres(status.db_url, {
    max: 4,
    onnotice: () => {},
    connection: { application_name: "bench" },
  });
  const log = () => Deno.readTextFile(logFile);
  return { status, sql, log, stop: () => sql.end({ timeout: 1 }).then(end) };
}

async function copy(from: ReadableStream<Uint8Array>, to: Deno.FsFile): Promise<void> {
  for await (const chunk of from) await to.write(chunk);
}

async function ready(child: Deno.ChildProcess, folder: string): Promise<Status | null> {
  let ended = false;
  child.status.then(() => ended = true);
  const limit = Date.now() + START_LIMIT_MS;
  while (!ended && Date.now() < limit) {
    const text = await Deno.readTextFile(join(folder, "status.json")).catch(() => null);
    if (text !== null) return JSON.parse(text);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return null;
}

async function stop(
  child: Deno.ChildProcess,
  folder: string,
  closed: Promise<void>,
): Promise<void> {
  const limit = setTimeout(() => end(child, "SIGKILL"), STOP_LIMIT_MS);
  end(child, "SIGTERM");
  await child.status;
  clearTimeout(limit);
  await closed;
  await Deno.remove(folder, { recursive: true });
}

function end(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended already.
  }
}
