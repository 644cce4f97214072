import { createApp } from "../_shared/app.ts";

/** The people of the organization. */
export const router = createApp("users");
