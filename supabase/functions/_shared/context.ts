import type { Actor } from "./actor.ts";
import type { CallCounter, Client, RequestHeaders } from "./clients.ts";

/** Who calls, as the verified credentials say. */
export type Caller =
  | { kind: "user"; userId: string; token: string }
  | { kind: "service" }
  | { kind: "anonymous" };

/** What the app puts into Hono's context for every request. */
export interface AppEnv {
  Variables: {
    requestId: string;
    clientIp: string | undefined;
    caller: Caller;
    /** The caller in its organization; only where a route requires one. */
    actor: Actor;
    /** The Data API with the caller's rights, in the actor's organization. */
    db: Client;
    /** What the database is told of this request. */
    requestHeaders: RequestHeaders;
    counter: CallCounter;
  };
}
