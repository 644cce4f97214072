import { createApp } from "../_shared/app.ts";
import { getNote } from "./get.ts";
import { listNotes } from "./list.ts";
import { readNotes } from "./read.ts";
import { sendNote } from "./send.ts";
import { withdrawNote } from "./withdraw.ts";

/** Notes to roles. Fixed paths come before `/{id}`. */
export const router = createApp("notes");

sendNote(router);
listNotes(router);
readNotes(router);
getNote(router);
withdrawNote(router);
