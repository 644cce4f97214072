import { createApp } from "../_shared/app.ts";

/** The figures of leads, people and response times. */
export const router = createApp("dashboard");
