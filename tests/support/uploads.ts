import { withDatabase } from "./db.ts";
import { call, type Caller, expectStatus } from "./http.ts";

/** A row as it was read. */
export interface ReadRow {
  row: number;
  name: string;
  account_number: string;
  phone: string;
  arrears: string;
  status: string | null;
}

/** What POST /upload/excel answers. */
export interface UploadBody {
  upload_id: string;
  file_name: string;
  total_rows: number;
  valid_rows: number;
  invalid_rows: number;
  duplicate_rows: number;
  columns: Record<string, string>;
  preview: ReadRow[];
  errors: { row: number; field: string; value: string | null; message: string }[];
  errors_truncated: boolean;
}

/** What POST /upload/process-batch answers. */
export interface BatchBody {
  batch_id: string;
  created: number;
  updated: number;
  unchanged: number;
  actions: number;
  messages_queued: number;
  skipped: { row: number; reason: string }[];
}

/** A form with one file in it. */
export function formWith(name: string, content: Uint8Array | string): FormData {
  const form = new FormData();
  form.append("file", new File([content as BlobPart], name));
  return form;
}

/** Sends a file. */
export const sendFile = (
  session: Caller,
  name: string,
  content: Uint8Array | string,
  headers: Record<string, string> = {},
) => call(session, "POST", "/upload/excel", formWith(name, content), headers);

/** Sends a file that can be read, and gives what was read. */
export async function upload(
  session: Caller,
  content: Uint8Array | string,
  name = "arrears.csv",
): Promise<UploadBody> {
  return expectStatus(await sendFile(session, name, content), 201);
}

/** Processes a batch that is fine, and gives what was done. */
export async function processed(
  session: Caller,
  body: Record<string, unknown>,
): Promise<BatchBody> {
  return expectStatus(await call(session, "POST", "/upload/process-batch", body), 201);
}

/** A sheet in CSV: name, account, phone, arrears and status, line by line. */
export const csv = (...lines: string[]): string =>
  ["Customer Name,Account No,Phone,Amount Owed,Status", ...lines].join("\n");

/** How much of each kind an organization has in the database. */
export async function counted(organizationId: string): Promise<Record<string, number>> {
  const [row] = await withDatabase((sql) =>
    sql`select
      (select count(*)::int from public.customers where organization_id = ${organizationId}) as customers,
      (select count(*)::int from public.customer_actions where organization_id = ${organizationId}) as actions,
      (select count(*)::int from public.messages where organization_id = ${organizationId}) as messages,
      (select count(*)::int from public.batches where organization_id = ${organizationId}) as batches`
  );
  return { ...row };
}
