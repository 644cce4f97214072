import { createApp } from "../_shared/app.ts";
import { loadPhoneNumbers } from "../_shared/phone.ts";
import { getBatch } from "./batch_detail.ts";
import { listBatches } from "./batches.ts";
import { uploadExcel } from "./excel.ts";
import { processBatch } from "./process.ts";
import { waitingUploads } from "./uploads.ts";
import { validate } from "./validate.ts";

/** Spreadsheets of customers: upload, validation, processing. A file may have 10 MB; the rest is for the form. */
export const router = createApp("upload", {
  maxBodyBytes: 12 * 1024 * 1024,
  ready: loadPhoneNumbers,
});

uploadExcel(router);
validate(router);
processBatch(router);
waitingUploads(router);
listBatches(router);
getBatch(router);
