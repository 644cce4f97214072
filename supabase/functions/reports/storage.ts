import type { Context } from "hono";
import { adminClient } from "../_shared/clients.ts";
import type { AppEnv } from "../_shared/context.ts";
import { env } from "../_shared/env.ts";
import { Problem } from "../_shared/problem.ts";

/** A file in the bucket of reports, as the database names it. */
export interface StoredFile {
  path: string;
  file_name: string;
}

const validSeconds = 60;

/** The service role: nobody else reaches the bucket, and the database has decided who may have the file. */
export const storageOwner = (c: Context<AppEnv>) =>
  adminClient(c.var.requestHeaders, c.var.counter);

/**
 * Redirects to a URL of Storage that is valid for a minute.
 * @throws Problem 502 if Storage does not sign it
 */
export async function redirectToFile(
  c: Context<AppEnv>,
  { path, file_name }: StoredFile,
): Promise<Response> {
  const { data, error } = await storageOwner(c).storage.from("report-files")
    .createSignedUrl(path, validSeconds, { download: file_name });
  if (error) {
    throw new Problem(502, "storage_failed", "The file cannot be fetched at the moment.", {
      cause: error,
    });
  }
  const { pathname, search } = new URL(data.signedUrl);
  return new Response(null, {
    status: 307,
    headers: {
      location: `${env.publicUrl()}${pathname}${search}`,
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-robots-tag": "noindex",
    },
  });
}
