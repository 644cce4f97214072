import { join } from "node:path";
import { Failure } from "../failure.ts";
import { exists, remove } from "../files.ts";
import type { Settings } from "../settings.ts";
import { databaseAccount } from "./account.ts";
import { POSTGRES_MAJOR, prepareBinaries } from "./binaries.ts";
import { type Cluster, initialise, type ServerOptions, startServer } from "./cluster.ts";
import { updateDatabase } from "./content.ts";
import { stopLeftover } from "./leftover.ts";
import { placeFor, preparePlace, removeOrphans, removePlace } from "./places.ts";
import { copyPrepared, stopUnfinished } from "./prepared.ts";

const wantedFolder = (dataDir: string) => join(dataDir, "postgres");

/** Takes over what an earlier stack left running on this data. To be called before ports are checked. */
export async function stopLeftoverDatabase({ dataDir, cacheDir }: Settings): Promise<void> {
  const account = databaseAccount();
  if (account.uid !== undefined) await removeOrphans();
  await stopUnfinished(account, cacheDir);
  await stopLeftover(placeFor(account, wantedFolder(dataDir)));
}

/** Removes the database of a data folder, also where it had to live elsewhere. */
export async function removeDatabase(dataDir: string): Promise<void> {
  await removePlace(placeFor(databaseAccount(), wantedFolder(dataDir)));
}

/** Removes all that a stack keeps. */
export async function removeData(dataDir: string): Promise<void> {
  await removeDatabase(dataDir);
  await remove(dataDir);
}

/**
 * Starts the server on a data folder and brings its database up to date; an empty folder gets a copy of the prepared
 * database first. `apiUrl` is where SQL functions find the functions.
 */
export async function startDatabase(
  { dataDir, projectDir, cacheDir, ports }: Settings,
  apiUrl: string,
  say: (line: string) => void,
): Promise<Cluster> {
  const server = await serverOn(dataDir, ports.database);
  const { folder } = server;
  if (exists(folder)) requireVersion(folder, dataDir);
  else await copyPrepared(server, { projectDir, cacheDir, say });
  const cluster = await startServer(server);
  try {
    say(`database   127.0.0.1:${ports.database}`);
    await updateDatabase({ cluster, folder, projectDir, apiUrl, say });
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Starts a server with an empty database in a folder that has none yet. */
export async function startEmptyDatabase(dataDir: string, port: number): Promise<Cluster> {
  const server = await serverOn(dataDir, port);
  await initialise(server);
  return await startServer(server);
}

async function serverOn(dataDir: string, port: number): Promise<ServerOptions> {
  const account = databaseAccount();
  const binaries = await prepareBinaries(account, dataDir);
  const folder = preparePlace(account, wantedFolder(dataDir));
  return { binaries, folder, account, port };
}

function requireVersion(folder: string, dataDir: string): void {
  const version = Deno.readTextFileSync(join(folder, "PG_VERSION")).trim();
  if (version === POSTGRES_MAJOR) return;
  throw new Failure(
    `The data in ${dataDir} was made by PostgreSQL ${version}, this stack runs ${POSTGRES_MAJOR}: ` +
      "throw it away with `deno task reset`.",
  );
}
