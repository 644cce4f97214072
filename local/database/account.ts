import { dirname } from "node:path";

/** The ids a database process runs under; empty for the user who started the stack. */
export interface Account {
  uid?: number;
  gid?: number;
}

/** PostgreSQL refuses to run as root: root runs it as `postgres` where that user exists, else as `nobody`. */
export function databaseAccount(): Account {
  if (Deno.build.os === "windows" || Deno.uid() !== 0) return {};
  const users = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ??
    users.find(([name]) => name === "nobody");
  return user ? { uid: Number(user[2]), gid: Number(user[3]) } : { uid: 65534, gid: 65534 };
}

/** Whether an account may enter every folder above a path. Folders that do not exist yet do not count. */
export function canReach(account: Account, path: string): boolean {
  if (account.uid === undefined) return true;
  for (let folder = dirname(path);; folder = dirname(folder)) {
    const mode = modeFor(account, folder);
    if (mode !== null && (mode & 1) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function modeFor(account: Account, folder: string): number | null {
  try {
    const { mode, uid, gid } = Deno.statSync(folder);
    if (mode === null) return null;
    if (uid === account.uid) return mode >> 6;
    return gid === account.gid ? mode >> 3 : mode;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Makes the account the owner of a file or folder. */
export async function giveTo(account: Account, path: string): Promise<void> {
  if (account.uid === undefined || account.gid === undefined) return;
  await Deno.chown(path, account.uid, account.gid);
}
