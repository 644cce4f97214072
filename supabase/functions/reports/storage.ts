import type { Context } from "hono";
import { adminClient } from "../_shared/clients.ts";
import type { AppEnv } from "../_shared/context.ts";
import { env } from "../_shared/env.ts";
import { Problem } from "../_shared/problem.ts";
import { signFile } from "../_shared/reports/storage.ts";

/** A file in the bucket of reports, as the database names it. */
export interface StoredFile {
  path: string;
  file_name: string;
}

const validSeconds = 60;

/** The service role, for callers without an account. */
export const serviceClient = (c: Context<AppEnv>) =>
  adminClient(c.var.requestHeaders, c.var.counter);

/** A redirect that nobody keeps, to an address that learns nothing of where it was found. */
export const redirect = (location: string): Response =>
  new Response(null, {
    status: 307,
    headers: {
      location,
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "x-robots-tag": "noindex",
    },
  });

/**
 * Redirects to a URL of Storage that is valid for a minute.
 * @throws Problem 502 if Storage does not sign it
 */
export async function redirectToFile({ path, file_name }: StoredFile): Promise<Response> {
  const signed = await signFile(path, validSeconds, file_name).catch((cause) => {
    throw new Problem(502, "storage_failed", "The file cannot be fetched at the moment.", {
      cause,
    });
  });
  return redirect(`${env.publicUrl()}${signed}`);
}
