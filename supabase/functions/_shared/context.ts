import type { Actor } from "./actor.ts";
import type { CallCounter, Client, RequestHeaders } from "./clients.ts";

/** The caller according to the verified credentials. */
export type Caller =
  | {
    kind: "user";
    userId: string;
    token: string;
    sessionId: string | undefined;
    /** What the token is, if it is not the person's own. */
    delegation: "api_key" | "impersonation" | undefined;
  }
  | { kind: "service" }
  | { kind: "anonymous" };

/** Hono's context variables of every request. */
export interface AppEnv {
  Variables: {
    requestId: string;
    clientIp: string | undefined;
    caller: Caller;
    /** The caller in an organization; only on routes that require a permission. */
    actor: Actor;
    /** The Data API with the caller's rights, in the actor's organization. */
    db: Client;
    /** Headers of this request for the database. */
    requestHeaders: RequestHeaders;
    counter: CallCounter;
  };
}
