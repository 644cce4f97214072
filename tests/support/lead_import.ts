import { withDatabase } from "./db.ts";
import { type Answer, call, type Caller, expectStatus } from "./http.ts";
import { until } from "./wait.ts";

/** What POST /leads/import/preview answers. */
export interface PreviewBody {
  upload_id: string;
  file_name: string;
  columns: { index: number; name: string; sample: string | null }[];
  mapping: Record<string, string>;
  suggested_mapping: Record<string, string>;
  total_rows: number;
  analyzed_rows: number;
  preview: Record<string, unknown>[];
  errors: { row: number; field: string; value: string | null; message: string }[];
  errors_truncated: boolean;
  duplicates: {
    in_file: number;
    in_organization: number;
    rows: {
      row: number;
      field: string;
      in: string;
      first_row: number | null;
      lead_id: string | null;
    }[];
  };
}

/** What GET /leads/import/{id} answers. */
export interface ImportBody {
  id: string;
  status: string;
  total_rows: number;
  processed: number;
  percent: number;
  created: number;
  updated: number;
  skipped: number;
  invalid: number;
  error: string | null;
  started_at: string | null;
  finished_at: string | null;
}

/** A lead as tests look at it. */
export interface StoredLead {
  id: string;
  first_name: string;
  last_name: string;
  email: string | null;
  phone: string | null;
  source: string;
  status: string;
  value: string;
  tags: string[];
  time_zone: string | null;
  country: string | null;
  region: string | null;
  custom_fields: Record<string, unknown>;
  version: number;
  team_id: string | null;
  assigned_to: string | null;
  created_by: string;
  import_id: string | null;
}

/** Sends a file, and whatever else the form has. */
export function sendLeads(
  session: Caller,
  content: Uint8Array | string,
  { name = "leads.csv", mapping, headers = {} }: {
    name?: string;
    mapping?: Record<string, string | null> | string;
    headers?: Record<string, string>;
  } = {},
): Promise<Answer> {
  const form = new FormData();
  form.append("file", new File([content as BlobPart], name));
  if (mapping !== undefined) {
    form.append("mapping", typeof mapping === "string" ? mapping : JSON.stringify(mapping));
  }
  return call(session, "POST", "/leads/import/preview", form, headers);
}

/** Sends a file that can be read, and gives the preview. */
export async function previewed(
  session: Caller,
  content: Uint8Array | string,
  options: Parameters<typeof sendLeads>[2] = {},
): Promise<PreviewBody> {
  return expectStatus(await sendLeads(session, content, options), 201);
}

/** Starts an import with the suggested mapping, unless another is given. */
export async function started(
  session: Caller,
  preview: PreviewBody,
  settings: Record<string, unknown> = {},
): Promise<string> {
  const { upload_id, suggested_mapping: mapping } = preview;
  const answer = await call(session, "POST", "/leads/import/execute", {
    upload_id,
    mapping,
    ...settings,
  });
  return expectStatus<{ import_id: string }>(answer, 202).import_id;
}

/** How far an import is. */
export async function importOf(session: Caller, id: string): Promise<ImportBody> {
  return expectStatus(await call(session, "GET", `/leads/import/${id}`), 200);
}

/** Waits until an import has ended. */
export function ended(session: Caller, id: string, timeoutMs = 180_000): Promise<ImportBody> {
  return until(async () => {
    const body = await importOf(session, id);
    return ["done", "failed", "canceled"].includes(body.status) && body;
  }, { what: `the import ${id}`, timeoutMs });
}

/** Uploads and imports a file, and gives what came of it. */
export async function imported(
  session: Caller,
  content: Uint8Array | string,
  settings: Record<string, unknown> = {},
): Promise<ImportBody> {
  return await ended(session, await started(session, await previewed(session, content), settings));
}

/** The error file of an import, line by line. */
export async function errorLines(session: Caller, id: string): Promise<string[]> {
  const answer = await call(session, "GET", `/leads/import/${id}/errors`);
  return expectStatus<string>(answer, 200).replace("\uFEFF", "").trimEnd().split("\r\n");
}

/** The leads of an organization, by phone, e-mail and name. */
export async function leadsOf(organizationId: string): Promise<StoredLead[]> {
  return await withDatabase((sql) =>
    sql<StoredLead[]>`
      select id, first_name, last_name, email, phone, source, status, value::text, tags, time_zone, country, region,
        custom_fields, version, team_id, assigned_to, created_by, import_id
      from public.leads where organization_id = ${organizationId} and deleted_at is null order by phone, email, first_name`
  );
}
