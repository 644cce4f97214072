import { createAdminClient, createContextClient } from "@supabase/server/core";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "./database.types.ts";

/** A client of the Data API. */
export type Client = SupabaseClient<Database>;

/** Headers of the current request for the database; SQL reads them with `private.request_header`. */
export interface RequestHeaders {
  "x-request-id": string;
  "x-client-ip"?: string;
  "x-organization-id"?: string;
  "idempotency-key"?: string;
  "x-idempotency-fingerprint"?: string;
}

/** The number of Data API calls of one request. */
export interface CallCounter {
  calls: number;
}

function options(headers: RequestHeaders, counter: CallCounter) {
  return {
    global: {
      headers: { ...headers },
      fetch: (input: RequestInfo | URL, init?: RequestInit) => {
        counter.calls++;
        return fetch(input, { ...init, signal: init?.signal ?? AbortSignal.timeout(60_000) });
      },
    },
  };
}

/** A client with the caller's rights: row level security applies. */
export function clientOf(token: string, headers: RequestHeaders, counter: CallCounter): Client {
  return createContextClient<Database>({
    auth: { token },
    supabaseOptions: options(headers, counter),
  });
}

/** A client without a user, with the publishable key. */
export function anonymousClient(headers: RequestHeaders, counter: CallCounter): Client {
  return createContextClient<Database>({ supabaseOptions: options(headers, counter) });
}

/**
 * A client of the service role, which bypasses row level security. Only `jobs`, `webhooks` and `auth` use it, and each
 * use says why.
 */
export function adminClient(headers: RequestHeaders, counter: CallCounter): Client {
  return createAdminClient<Database>({ supabaseOptions: options(headers, counter) });
}
