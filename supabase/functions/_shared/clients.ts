import { createAdminClient, createContextClient } from "@supabase/server/core";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "./database.types.ts";

/** The Data API as somebody sees it. */
export type Client = SupabaseClient<Database>;

/** What the database is told of the request in hand; SQL reads it with `private.request_header`. */
export interface RequestHeaders {
  "x-request-id": string;
  "x-client-ip"?: string;
  "x-organization-id"?: string;
  "idempotency-key"?: string;
  "x-idempotency-fingerprint"?: string;
}

/** Counts the calls that one request makes to the Data API. */
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

/** A client with the caller's own rights: row level security decides what it sees. */
export function clientOf(token: string, headers: RequestHeaders, counter: CallCounter): Client {
  return createContextClient<Database>({
    auth: { token },
    supabaseOptions: options(headers, counter),
  });
}

/** A client without a caller: the publishable key, for sign-in. */
export function anonymousClient(headers: RequestHeaders, counter: CallCounter): Client {
  return createContextClient<Database>({ supabaseOptions: options(headers, counter) });
}

/**
 * The service role, which row level security does not bind. Only `jobs`, `webhooks`, `auth` and `admin` use it, and each
 * use says why.
 */
export function adminClient(headers: RequestHeaders, counter: CallCounter): Client {
  return createAdminClient<Database>({ supabaseOptions: options(headers, counter) });
}
