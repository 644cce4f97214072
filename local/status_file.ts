import { join } from "node:path";
import { Failure } from "./failure.ts";
import { readIfThere } from "./files.ts";
import type { DemoPerson } from "./demo.ts";

/** What a client of a running stack must know. */
export interface Status {
  api_url: string;
  db_url: string;
  publishable_key: string;
  secret_key: string;
  carrier_url: string;
  google_url: string;
  mail_url: string;
  demo: DemoPerson[];
}

/** Held by the stack that uses a data folder; the operating system lets go of it if the stack is killed. */
export interface Claim {
  release(): void;
}

/** Claims a data folder for this process. Throws a sentence if another stack has it. */
export function claim(dataDir: string): Claim {
  Deno.mkdirSync(dataDir, { recursive: true });
  const file = Deno.openSync(join(dataDir, "stack.lock"), { create: true, write: true });
  if (!file.tryLockSync(true)) {
    file.close();
    throw new Failure(
      `Another stack runs on ${dataDir}: stop it, or set SIGNALBOX_DATA to another folder.`,
    );
  }
  return { release: () => file.close() };
}

/** Whether a stack runs on this data folder. */
export function isClaimed(dataDir: string): boolean {
  try {
    const file = Deno.openSync(join(dataDir, "stack.lock"), { write: true });
    const free = file.tryLockSync(true);
    file.close();
    return !free;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const path = (dataDir: string) => join(dataDir, "status.json");

/** Publishes the status of a stack that is ready. Readers see the whole file or none. */
export function writeStatus(dataDir: string, status: Status): void {
  Deno.writeTextFileSync(path(dataDir) + ".new", JSON.stringify(status, null, 2) + "\n");
  Deno.renameSync(path(dataDir) + ".new", path(dataDir));
}

/** Reads the status as text, or gives null where none was written. */
export function readStatus(dataDir: string): string | null {
  return readIfThere(path(dataDir));
}

/** Withdraws the status when a stack stops. */
export function removeStatus(dataDir: string): void {
  try {
    Deno.removeSync(path(dataDir));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
