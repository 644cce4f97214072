import { createApp } from "../_shared/app.ts";
import { checkDatabase } from "./database.ts";
import { getHealth } from "./get.ts";

/** Whether the service can do its work, for monitors and load balancers. */
export const router = createApp("health", {
  callers: "public",
  health: async (c) => ({ database: await checkDatabase(c) }),
});

getHealth(router);
