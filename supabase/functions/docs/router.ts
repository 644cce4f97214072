import { createApp } from "../_shared/app.ts";
import { getDocument } from "./get.ts";

/** The description of the whole API. */
export const router = createApp("docs", { callers: "public", document: "none" });

getDocument(router);
