import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { removeData } from "../../local/database/start.ts";
import { readStatus, removeStatus, type Status } from "../../local/status_file.ts";

/** The checkout. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const START_LIMIT_MS = 300_000;
const STOP_LIMIT_MS = 15_000;
const POLL_MS = 50;

/** How to start a stack. */
export interface SpawnOptions {
  /** The folder for everything that it keeps; one with data is continued. */
  folder: string;
  /** The API's port; the four that follow are the stack's too. */
  port: number;
  /** What else differs from the environment of this process. */
  env?: Record<string, string>;
  /** Gives up waiting until it is ready. */
  stopped?: AbortSignal;
}

/** A stack in a process of its own. */
export interface SpawnedStack {
  folder: string;
  child: Deno.ChildProcess;
  status: Status;
  /** What it has printed, the functions' log lines among it. */
  log(): Promise<string>;
  /** Ends it and waits until it has ended; its data stay. SIGTERM becomes SIGKILL if nothing happens. */
  end(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Ends it and removes its folder and what it keeps elsewhere. */
  remove(): Promise<void>;
}

/**
 * Starts a stack and waits until it is ready. If this process ends without having ended it, it ends by
 * itself and removes its folder.
 * @throws Error with what it said when it does not come up; nothing runs or is left then.
 */
export async function spawnStack(options: SpawnOptions): Promise<SpawnedStack> {
  const { folder, port, env = {} } = options;
  // As root, the database's own user must be able to enter it.
  await Deno.mkdir(folder, { recursive: true });
  await Deno.chmod(folder, 0o711);
  removeStatus(folder);
  const logFile = join(folder, "stack.log");
  const command = 'exec "$0" run -A local/main.ts >>"$1" 2>&1';
  const child = new Deno.Command("sh", {
    args: ["-c", command, Deno.execPath(), logFile],
    cwd: root,
    env: {
      SIGNALBOX_PORT: String(port),
      SIGNALBOX_DATA: folder,
      SIGNALBOX_TEMPORARY: "1",
      ...env,
    },
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let running = true;
  const ended = child.status.then(async () => {
    running = false;
    await child.stdin.close().catch(() => {});
  });
  const end = async (signal: Deno.Signal = "SIGTERM") => {
    if (running) child.kill(signal);
    const limit = setTimeout(() => running && child.kill("SIGKILL"), STOP_LIMIT_MS);
    await ended;
    clearTimeout(limit);
  };
  const stack = {
    folder,
    child,
    end,
    log: () => Deno.readTextFile(logFile),
    remove: async () => {
      await end();
      await removeData(folder);
    },
  };
  const status = await ready(options, () => running);
  if (status !== null) return { ...stack, status };
  const said = await stack.log().catch(() => "");
  await stack.remove();
  throw new Error(`The stack did not start:\n${said}`);
}

async function ready(
  { folder, stopped }: SpawnOptions,
  isRunning: () => boolean,
): Promise<Status | null> {
  const limit = Date.now() + START_LIMIT_MS;
  while (isRunning() && !stopped?.aborted && Date.now() < limit) {
    const status = readStatus(folder);
    if (status !== null) return JSON.parse(status);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return null;
}
