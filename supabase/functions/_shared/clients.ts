import { PostgrestClient } from "@supabase/postgrest-js";
import type { Database } from "./database.types.ts";
import { env } from "./env.ts";
import { createGate } from "./gate.ts";

/** A client of the Data API. */
export type Client = PostgrestClient<Database>;

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

/** What PostgREST answers when it has no connection, or none that becomes free in time. */
const noConnection = (): Response =>
  Response.json(
    { code: "PGRST003", message: "No connection became free in time.", details: null, hint: null },
    { status: 504 },
  );

/** A `fetch` that is bounded in time and counted. What takes too long is answered as PostgREST answers it. */
export function countedFetch(counter: CallCounter): typeof fetch {
  return async (input, init) => {
    counter.calls++;
    const signal = init?.signal ?? AbortSignal.timeout(60_000);
    const response = await fetch(input, { ...init, signal }).catch((error) => {
      if (error instanceof DOMException && error.name === "TimeoutError") return noConnection();
      throw error;
    });
    keepRateLimit(counter, response);
    return response;
  };
}

/**
 * The calls of people that an instance of a function has under way at the Data API at once. That has few connections (10 by
 * default), and a call that waits for a lock keeps one for seconds: without a bound a function whose table is locked would
 * take all of them, and every other function would stop with it. Organizations share the places, so that the slow calls of
 * one do not keep out the others.
 */
const callsOfPeople = createGate(4, 5_000, 2);

function fetchOfPeople(counter: CallCounter, organization: string | undefined): typeof fetch {
  const send = countedFetch(counter);
  return async (input, init) =>
    await callsOfPeople.run(() => send(input, init), organization) ?? noConnection();
}

interface Credentials {
  apikey: string;
  token: string;
}

/** The headers are added to the request, because the library copies those of a client several times for each call. */
function client(
  { apikey, token }: Credentials,
  headers: RequestHeaders,
  send: typeof fetch,
): Client {
  const own = { ...headers, apikey, authorization: `Bearer ${token}` };
  return new PostgrestClient<Database>(`${env.supabaseUrl()}/rest/v1`, {
    schema: "public",
    // The library gives a plain object; anything else would lose its headers here.
    fetch: (input, init) => send(input, { ...init, headers: { ...init?.headers, ...own } }),
  });
}

/** A client with the caller's rights: row level security applies. */
export const clientOf = (token: string, headers: RequestHeaders, counter: CallCounter): Client =>
  client(
    { apikey: env.publishableKey(), token },
    headers,
    fetchOfPeople(counter, headers["x-organization-id"]),
  );

/** A client without a user, with the publishable key. */
export function anonymousClient(headers: RequestHeaders, counter: CallCounter): Client {
  const apikey = env.publishableKey();
  return client({ apikey, token: apikey }, headers, fetchOfPeople(counter, undefined));
}

/**
 * A client of the service role, which bypasses row level security: for what has no person behind it (jobs, webhooks,
 * attempts to sign in, the exchange of API keys) and for files. Each use says why. Its calls wait for no others: jobs bound
 * their own.
 */
export function adminClient(headers: RequestHeaders, counter: CallCounter): Client {
  const apikey = env.secretKey();
  return client({ apikey, token: apikey }, headers, countedFetch(counter));
}
