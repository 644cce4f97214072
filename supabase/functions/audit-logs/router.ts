import { createApp } from "../_shared/app.ts";

/** Who changed what, when. */
export const router = createApp("audit-logs");
