import { createAdminClient, createContextClient } from "@supabase/server/core";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "./database.types.ts";

/** A client of the Data API. */
export type Client = SupabaseClient<Database>;

/** Headers of the current request for the database; SQL reads them with `private.request_header`. */
export interface RequestHeaders {
  "x-request-id": string;
  "x-client-ip"?: string;
  "x-request-signature"?: string;
  "x-organization-id"?: string;
  "idempotency-key"?: string;
  "x-idempotency-fingerprint"?: string;
}

/** The Data API calls of one request: their number, and the rate limit headers of the last answer that had any. */
export interface CallCounter {
  calls: number;
  rateLimit?: Record<string, string>;
}

const rateLimitHeaders = ["ratelimit-policy", "ratelimit"];

/** Keeps the headers that SQL functions set with `private.rate_limit_refusal`. */
function keepRateLimit(counter: CallCounter, { headers }: Response): void {
  const found = rateLimitHeaders.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  if (found.length > 0) counter.rateLimit = Object.fromEntries(found);
}

function options(headers: RequestHeaders, counter: CallCounter) {
  return {
    global: {
      headers: { ...headers },
      fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
        counter.calls++;
        const signal = init?.signal ?? AbortSignal.timeout(60_000);
        const response = await fetch(input, { ...init, signal });
        keepRateLimit(counter, response);
        return response;
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
