import { createApp } from "../_shared/app.ts";
import { createTask } from "./create.ts";
import { deleteTask } from "./delete.ts";
import { getTask } from "./get.ts";
import { listTasks } from "./list.ts";
import { updateTask } from "./update.ts";

/** Tasks with assignees and due times. */
export const router = createApp("tasks");

listTasks(router);
createTask(router);
getTask(router);
updateTask(router);
deleteTask(router);
