import { setTimeout as delay } from "node:timers/promises";

/** The names in a folder; none where there is no such folder. */
export function readFolder(folder: string): string[] {
  return ifThere(() => Array.from(Deno.readDirSync(folder), ({ name }) => name)) ?? [];
}

/** A file's text, or null where there is none. */
export function readIfThere(path: string): string | null {
  return ifThere(() => Deno.readTextFileSync(path));
}

/** Whether there is something at a path. */
export function exists(path: string): boolean {
  return ifThere(() => Deno.lstatSync(path)) !== null;
}

/** Whether there is a folder at a path. */
export function isFolder(path: string): boolean {
  return ifThere(() => Deno.statSync(path).isDirectory) ?? false;
}

/** Removes a file or folder with all in it, if it is there. */
export async function remove(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** Removes a folder into which a process that is ending may still write; gives up after five seconds. */
export async function removeWrittenTo(folder: string): Promise<void> {
  const ends = Date.now() + 5_000;
  while (true) {
    try {
      return await remove(folder);
    } catch (error) {
      const isWrittenTo = error instanceof Error && error.message.startsWith("Directory not empty");
      if (!isWrittenTo || Date.now() > ends) throw error;
      await delay(50);
    }
  }
}

function ifThere<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
