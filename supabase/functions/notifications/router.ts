import { createApp } from "../_shared/app.ts";

/** What a person is told, and how it reaches them. */
export const router = createApp("notifications");
