import { type Answer, call, type Caller, expectStatus } from "./http.ts";
import type { ImportBody, PreviewBody } from "./lead_import.ts";
import { until } from "./wait.ts";

/** What POST /clients/import/preview answers. */
export interface ClientPreview extends Omit<PreviewBody, "duplicates"> {
  warnings: { row: number; field: string; message: string }[];
  duplicates: {
    in_file: number;
    in_organization: number;
    rows: { row: number; field: string; in: string; client_id: string | null }[];
  };
}

/** What GET /clients/import/{id} answers. */
export interface ClientImportBody extends ImportBody {
  observed_from: string | null;
}

/** Sends a file of clients, and a mapping if there is one. */
export function sendClients(
  session: Caller,
  content: Uint8Array | string,
  { mapping, headers = {} }: {
    mapping?: Record<string, string | null>;
    headers?: Record<string, string>;
  } = {},
): Promise<Answer> {
  const form = new FormData();
  form.append("file", new File([content as BlobPart], "clients.csv"));
  if (mapping !== undefined) form.append("mapping", JSON.stringify(mapping));
  return call(session, "POST", "/clients/import/preview", form, headers);
}

/** Sends a file of clients that can be read, and gives the preview. */
export const previewedClients = async (
  session: Caller,
  content: Uint8Array | string,
  options: Parameters<typeof sendClients>[2] = {},
): Promise<ClientPreview> => expectStatus(await sendClients(session, content, options), 201);

/** Starts an import of clients by the mapping of its preview. */
export async function startedClients(
  session: Caller,
  { upload_id, mapping }: ClientPreview,
  settings: Record<string, unknown> = {},
): Promise<string> {
  const body = { upload_id, mapping, ...settings };
  const answer = await call(session, "POST", "/clients/import/execute", body);
  return expectStatus<{ import_id: string }>(answer, 202).import_id;
}

/** Waits until an import of clients has ended. */
export function endedClients(session: Caller, id: string): Promise<ClientImportBody> {
  return until(async () => {
    const answer = await call(session, "GET", `/clients/import/${id}`);
    const body = expectStatus<ClientImportBody>(answer, 200);
    return ["done", "failed", "canceled"].includes(body.status) && body;
  }, { what: `the import ${id}`, timeoutMs: 180_000 });
}

/** Uploads and imports a file of clients, and gives what came of it. */
export async function importedClients(
  session: Caller,
  content: Uint8Array | string,
  { mapping, ...settings }: Record<string, unknown> & { mapping?: Record<string, string> } = {},
): Promise<ClientImportBody> {
  const preview = await previewedClients(session, content, mapping ? { mapping } : {});
  return await endedClients(session, await startedClients(session, preview, settings));
}

/** The counts of an import, for comparison. */
export const countsOf = ({ created, updated, skipped, invalid }: ImportBody) => ({
  created,
  updated,
  skipped,
  invalid,
});
