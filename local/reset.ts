import { join } from "node:path";
import { Failure } from "./failure.ts";
import { exists } from "./files.ts";
import { say, warn } from "./log.ts";
import { removeData } from "./database/start.ts";
import { dataDirFromEnv } from "./settings.ts";
import { isClaimed } from "./status_file.ts";

const dataDir = dataDirFromEnv();

try {
  if (isClaimed(dataDir)) throw new Failure(`A stack runs on ${dataDir}: stop it first.`);
  if (exists(dataDir) && !exists(join(dataDir, "stack.lock"))) {
    throw new Failure(`${dataDir} was not made by this stack: it stays.`);
  }
  await removeData(dataDir);
  say(`Removed ${dataDir}.`);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  warn(error.message);
  Deno.exit(1);
}
