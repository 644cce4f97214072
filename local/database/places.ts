import { createHash } from "node:crypto";
import { join } from "node:path";
import { Failure } from "../failure.ts";
import { type Account, canReach } from "./account.ts";

/*
 * As root the database runs as a user of its own, who may be unable to enter the checkout (below
 * /root, say). What that user needs then lives here. Only root writes to /var/lib, so nobody can have
 * put another folder in the place.
 */
const ROOT = "/var/lib/signalbox-local";

/** The folder below `/var/lib` that stands in for one the account cannot enter. */
export function standInFor(path: string): string {
  return join(ROOT, createHash("sha256").update(path).digest("hex").slice(0, 16));
}

/** `wanted`, or its stand-in where the account cannot enter it. */
export function placeFor(account: Account, wanted: string): string {
  return canReach(account, wanted) ? wanted : standInFor(wanted);
}

/** Makes the parents of a stand-in, and refuses one that somebody else owns. */
export function prepareStandIns(): void {
  Deno.mkdirSync(ROOT, { recursive: true, mode: 0o755 });
  const { isDirectory, uid } = Deno.lstatSync(ROOT);
  if (!isDirectory || uid !== 0) throw new Failure(`${ROOT} must be a folder that root owns.`);
}
