import { join } from "node:path";
import { Failure } from "./failure.ts";
import { say, warn } from "./log.ts";
import { removeCluster } from "./database/cluster.ts";
import { dataDirFromEnv } from "./settings.ts";
import { isClaimed } from "./status_file.ts";

const dataDir = dataDirFromEnv();
const exists = (path: string) => {
  try {
    return Boolean(Deno.statSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
};

try {
  if (isClaimed(dataDir)) throw new Failure(`A stack runs on ${dataDir}: stop it first.`);
  if (exists(dataDir) && !exists(join(dataDir, "stack.lock"))) {
    throw new Failure(`${dataDir} was not made by this stack: it stays.`);
  }
  await removeCluster(dataDir);
  await Deno.remove(dataDir, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  say(`Removed ${dataDir}.`);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  warn(error.message);
  Deno.exit(1);
}
