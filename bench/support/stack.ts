import postgres from "postgres";
import type { Status } from "../../local/status_file.ts";
import { freePorts } from "../../tests/support/free_ports.ts";
import { root, type SpawnedStack, spawnStack } from "../../tests/support/spawn.ts";

export { root };

const stopping = new AbortController();
const running = new Set<Promise<SpawnedStack>>();

/** Stops every stack, also those that are starting; for when this process has to end early. */
export async function stopAll(): Promise<void> {
  stopping.abort();
  await Promise.allSettled(Array.from(running, (stack) => stack.then(({ remove }) => remove())));
}

/** A stack in a process of its own, with an empty folder that goes when it stops. */
export interface BenchStack {
  status: Status;
  /** The process. */
  pid: number;
  /** Where it keeps its data. */
  folder: string;
  sql: postgres.Sql;
  /** What it printed, the functions' log lines among it. */
  log(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a stack on free ports. @throws with what it said, when it does not come up. */
export async function startStack(firstPort: number): Promise<BenchStack> {
  const spawned = spawnStack({
    folder: await Deno.makeTempDir({ prefix: "signalbox-bench-" }),
    port: freePorts(firstPort),
    stopped: stopping.signal,
  });
  running.add(spawned);
  const { child, folder, status, log, remove } = await spawned;
  const sql = postgres(status.db_url, {
    max: 4,
    onnotice: () => {},
    connection: { application_name: "bench" },
  });
  const stop = async () => {
    running.delete(spawned);
    await sql.end({ timeout: 1 });
    await remove();
  };
  return { status, pid: child.pid, folder, sql, log, stop };
}
