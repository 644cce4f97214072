import { createApp } from "../_shared/app.ts";
import { createBatch } from "./batch.ts";
import { createAction } from "./create.ts";
import { listActions, listCustomerActions } from "./list.ts";

/** Actions on customers: connections, disconnections, warnings. */
export const router = createApp("actions");

listActions(router);
createAction(router);
listCustomerActions(router);
createBatch(router);
