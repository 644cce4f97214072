import { createApp } from "../_shared/app.ts";
import { createTask } from "./create.ts";
import { deleteTask } from "./delete.ts";
import { getTask } from "./get.ts";
import { listTasks } from "./list.ts";
import { updateTask } from "./update.ts";

/** What is to be done by whom until when. */
export const router = createApp("tasks");

listTasks(router);
createTask(router);
getTask(router);
updateTask(router);
deleteTask(router);
