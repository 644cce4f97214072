import { createApp } from "../_shared/app.ts";
import { checkDatabase } from "./database.ts";
import { getHealth } from "./get.ts";
import { getMetrics } from "./metrics.ts";

/** Health checks for monitors and load balancers. */
export const router = createApp("health", {
  callers: "public",
  health: async (c) => ({ database: await checkDatabase(c) }),
});

getHealth(router);
getMetrics(router);
