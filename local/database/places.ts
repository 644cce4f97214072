import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { Failure } from "../failure.ts";
import { exists, readFolder, remove, removeWrittenTo } from "../files.ts";
import { type Account, canReach } from "./account.ts";
import { stopLeftover } from "./leftover.ts";

/*
 * As root the database runs as a user of its own, who may be unable to enter the checkout (below
 * /root, say). What that user needs then lives here. Only root writes to /var/lib, so nobody can have
 * put another folder in the place.
 */
const ROOT = "/var/lib/signalbox-local";
/** Beside each stand-in a file of this kind names the folder it stands in for. */
const NOTE = ".for";

function standInFor(path: string): string {
  return join(ROOT, createHash("sha256").update(path).digest("hex").slice(0, 16));
}

/** `wanted`, or the folder below `/var/lib` that stands in for it where the account cannot enter it. */
export function placeFor(account: Account, wanted: string): string {
  return canReach(account, wanted) ? wanted : standInFor(wanted);
}

/**
 * Makes the parents of a place and gives the place, which need not exist itself.
 * @throws Failure where somebody else owns what root keeps its stand-ins in.
 */
export function preparePlace(account: Account, wanted: string): string {
  const place = placeFor(account, wanted);
  Deno.mkdirSync(dirname(wanted), { recursive: true });
  if (place === wanted) return place;
  Deno.mkdirSync(ROOT, { recursive: true, mode: 0o755 });
  const { isDirectory, uid } = Deno.lstatSync(ROOT);
  if (!isDirectory || uid !== 0) throw new Failure(`${ROOT} must be a folder that root owns.`);
  Deno.writeTextFileSync(place + NOTE, wanted);
  return place;
}

/** Removes a place with what was left of attempts to make it; a server that runs in one of them is stopped. */
export async function removePlace(place: string): Promise<void> {
  const folders = readFolder(dirname(place)).filter((name) => {
    const path = join(dirname(place), name);
    return path === place || path.startsWith(`${place}.`);
  });
  for (const name of folders.filter((name) => !name.endsWith(NOTE))) {
    await stopLeftover(join(dirname(place), name));
    // The initdb of a stack that was killed has no pid file by which it could be stopped.
    await removeWrittenTo(join(dirname(place), name));
  }
  await remove(place + NOTE);
}

/** Removes the stand-ins of folders that exist no more: of tests that were killed, of checkouts that were deleted. */
export async function removeOrphans(): Promise<void> {
  for (const name of readFolder(ROOT).filter((name) => name.endsWith(NOTE))) {
    const wanted = await Deno.readTextFile(join(ROOT, name)).catch(() => null);
    if (wanted === null || exists(dirname(wanted))) continue;
    await removePlace(join(ROOT, name.slice(0, -NOTE.length)));
  }
}
