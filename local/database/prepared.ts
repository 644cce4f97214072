import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "../failure.ts";
import { exists, readFolder, remove } from "../files.ts";
import type { Account } from "./account.ts";
import { initialise, type ServerOptions, startServer } from "./cluster.ts";
import { bootstrapHash, hashOf, updateDatabase } from "./content.ts";
import { placeFor, preparePlace, removePlace } from "./places.ts";

const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** How many prepared databases stay: of this checkout's last few states, and of the projects of tests. */
const KEPT = 3;

/** What to prepare, and where prepared databases are kept. */
interface Preparation {
  projectDir: string;
  cacheDir: string;
  say: (line: string) => void;
}

/**
 * Copies a database with everything in it that a project's folder says but its demo data: made once, then only copied.
 * `folder` must not exist; it does only when the copy is whole. One stack at a time makes or copies; a lock that dies with its process
 * keeps the others waiting.
 */
export async function copyPrepared(
  { folder, ...server }: ServerOptions,
  preparation: Preparation,
): Promise<void> {
  const cache = preparePlace(server.account, preparation.cacheDir);
  await Deno.mkdir(cache, { recursive: true, mode: 0o755 });
  using lock = await openLock(cache);
  await lock.lock(true);
  await removeUnfinished(cache);
  const prepared = join(cache, keyOf(preparation.projectDir));
  if (!exists(prepared)) await prepare({ ...server, folder: prepared }, preparation);
  const now = new Date();
  await Deno.utime(prepared, now, now);
  await removeOld(cache);
  await remove(`${folder}.new`);
  await copyFolder(prepared, `${folder}.new`);
  await Deno.rename(`${folder}.new`, folder);
}

/** Stops what a stack that was killed left running while it made a prepared database, unless another makes one now. */
export async function stopUnfinished(account: Account, cacheDir: string): Promise<void> {
  const cache = placeFor(account, cacheDir);
  if (!exists(cache)) return;
  using lock = await openLock(cache);
  if (await lock.tryLock(true)) await removeUnfinished(cache);
}

const openLock = (cache: string) => Deno.open(join(cache, "lock"), { create: true, write: true });

/** Everything that decides the content, today's date too: partitions are made relative to it. */
function keyOf(projectDir: string): string {
  const parts = [
    bootstrapHash(),
    hashOf(
      checkout,
      ["cluster.ts", "content.ts", "migrations.ts"].map((name) => `local/database/${name}`),
    ),
    hashOf(projectDir, ["config.toml", "migrations"].map((name) => `supabase/${name}`)),
    Deno.build.target,
  ];
  const hash = createHash("sha256").update(parts.join()).digest("hex");
  return `${new Date().toISOString().slice(0, 10)}-${hash.slice(0, 16)}`;
}

async function prepare(
  server: ServerOptions,
  { projectDir, say }: Preparation,
): Promise<void> {
  const unfinished = { ...server, folder: `${server.folder}.new` };
  await initialise(unfinished);
  const cluster = await startServer(unfinished);
  try {
    await updateDatabase({ cluster, folder: unfinished.folder, projectDir, apiUrl: null, say });
  } finally {
    await cluster.stop();
  }
  await Deno.rename(unfinished.folder, server.folder);
}

async function removeUnfinished(cache: string): Promise<void> {
  for (const name of readFolder(cache).filter((name) => name.endsWith(".new"))) {
    await removePlace(join(cache, name));
  }
}

async function removeOld(cache: string): Promise<void> {
  const made = readFolder(cache).filter((name) => name !== "lock").map((name) => {
    const path = join(cache, name);
    return { path, usedAt: Deno.statSync(path).mtime?.getTime() ?? 0 };
  });
  const old = made.toSorted((a, b) => b.usedAt - a.usedAt).slice(KEPT);
  for (const { path } of old) await remove(path);
}

/** With owners and modes. `cp` shares the blocks on file systems that can. */
async function copyFolder(from: string, to: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  if (success) return;
  throw new Failure(`The database could not be copied: ${new TextDecoder().decode(stderr).trim()}`);
}
