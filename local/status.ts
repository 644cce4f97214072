import { say } from "./log.ts";
import { dataDirFromEnv } from "./settings.ts";
import { isClaimed, readStatus } from "./status_file.ts";

const dataDir = dataDirFromEnv();
const status = isClaimed(dataDir) ? readStatus(dataDir) : null;
say(status?.trimEnd() ?? `No stack runs on ${dataDir}: start one with \`deno task start\`.`);
Deno.exit(status ? 0 : 1);
