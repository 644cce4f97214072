import { AsyncLocalStorage } from "node:async_hooks";

/** What the database learns of the HTTP request it works for, and what the gateway learns of its failure. */
export interface RequestContext {
  method: string;
  /** Path below the API's prefix, as PostgREST reports it: `/leads`, `/rpc/claim`. */
  path: string;
  headers: Record<string, string>;
  /** The error of the database that ended the request. */
  databaseError?: unknown;
}

/** The request that the running code belongs to. */
export const currentRequest = new AsyncLocalStorage<RequestContext>();
