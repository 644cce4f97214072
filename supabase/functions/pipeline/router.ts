import { createApp } from "../_shared/app.ts";

/** The organization's stages and how many leads stand in each. */
export const router = createApp("pipeline");
