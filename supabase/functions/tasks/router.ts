import { createApp } from "../_shared/app.ts";

/** What is to be done by whom until when. */
export const router = createApp("tasks");
