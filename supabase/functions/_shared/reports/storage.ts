import { env } from "../env.ts";

/*
 * The private bucket of files of reports. Only the service role reaches it, and the database has decided before who may
 * have a file. Three calls are needed, so Storage's own client is not loaded.
 */
const bucket = "report-files";
const timeoutMs = 60_000;

/** Sends a request to Storage; `Error` with its answer unless it is a success. */
async function request(
  method: string,
  path: string,
  body: BodyInit,
  headers: Record<string, string>,
): Promise<Response> {
  const key = env.secretKey();
  const response = await fetch(`${env.supabaseUrl()}/storage/v1${path}`, {
    method,
    body,
    headers: { ...headers, apikey: key, authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.ok) return response;
  const text = await response.text();
  throw new Error(`Storage answered ${response.status} to ${method} ${path}: ${text}`);
}

const jsonBody = { "content-type": "application/json" };

/** Stores a file, in place of an earlier one with this path. */
export async function storeFile(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string,
): Promise<void> {
  const headers = { "content-type": contentType, "cache-control": "no-cache", "x-upsert": "true" };
  const response = await request("POST", `/object/${bucket}/${path}`, bytes, headers);
  await response.body?.cancel();
}

/** Deletes these files; those that are not there are no error. */
export async function deleteFiles(paths: readonly string[]): Promise<void> {
  const body = JSON.stringify({ prefixes: paths });
  const response = await request("DELETE", `/object/${bucket}`, body, jsonBody);
  await response.body?.cancel();
}

/**
 * An address under which anybody can fetch the file for some seconds.
 * @returns path and query, relative to the project's URL
 */
export async function signFile(path: string, seconds: number, fileName: string): Promise<string> {
  const body = JSON.stringify({ expiresIn: seconds });
  const response = await request("POST", `/object/sign/${bucket}/${path}`, body, jsonBody);
  const { signedURL }: { signedURL: string } = await response.json();
  return `/storage/v1${signedURL}&download=${encodeURIComponent(fileName)}`;
}
