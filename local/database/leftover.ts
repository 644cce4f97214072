import { join } from "node:path";
import process from "node:process";
import { Failure } from "../failure.ts";

/**
 * Stops a server that a killed stack left on this data, with its commits kept, and removes the pid file
 * of one that is gone.
 */
export async function stopLeftover(folder: string): Promise<void> {
  const pidFile = join(folder, "postmaster.pid");
  const text = await Deno.readTextFile(pidFile).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  const pid = Number(text.split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  if (!await servesFolder(pid, folder)) {
    await Deno.remove(pidFile);
    return;
  }
  process.kill(pid, "SIGINT");
  if (await endsWithin(pid, 5000)) return;
  process.kill(pid, "SIGQUIT");
  if (!await endsWithin(pid, 5000)) {
    throw new Failure(`A PostgreSQL server (process ${pid}) is left on ${folder}: stop it.`);
  }
}

async function endsWithin(pid: number, milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await new Promise((done) => setTimeout(done, 20));
  }
  return true;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch {
    return false;
  }
}

/** In a container whose first process reaps nobody, an orphan stays visible after its end. */
function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

/** Process ids are used again: only a server that was started on this very folder counts. */
async function servesFolder(pid: number, folder: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const { stdout } = await new Deno.Command("ps", {
    args: ["-ww", "-p", String(pid), "-o", "command="],
  }).output().catch(() => ({ stdout: null }));
  const command = stdout
    ? new TextDecoder().decode(stdout)
    : (await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "")).replaceAll("\0", " ");
  return command.includes("postgres") && `${command.trim()} `.includes(` ${folder} `);
}
