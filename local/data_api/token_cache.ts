import type { ServerOptions } from "@supabase/lite";
import type { JWTPayload } from "jose";
import { isCurrent, verifyAccessToken } from "../tokens.ts";

type Middleware = NonNullable<ServerOptions["middlewares"]>[number];

/** How many tokens are remembered. */
const KNOWN_TOKENS = 1000;

/**
 * Verifies the token of a request once and remembers it, as PostgREST's JWT cache does. Lite would verify it each
 * time and read its user and session from the database before, of which the Data API makes no use. What is not
 * valid is left to Lite, which has PostgREST's errors.
 */
export function tokenCache(): Middleware {
  const known = new Map<string, JWTPayload>();
  return async (context, next) => {
    const token = /^Bearer ([^.]+\.[^.]+\.[^.]+)$/.exec(context.req.header("authorization") ?? "")
      ?.[1];
    if (token) {
      const claims = known.get(token) ?? await verified(token);
      if (known.size >= KNOWN_TOKENS) known.clear();
      if (claims) known.set(token, claims);
      if (claims && isCurrent(claims)) {
        context.set("ignoreAuthorization", true);
        context.set("jwt", claims);
        if (claims.sub) context.set("userId", claims.sub);
        context.set("sessionId", "not looked up");
      }
    }
    await next();
  };
}

const verified = (token: string): Promise<JWTPayload | null> =>
  verifyAccessToken(token).catch(() => null);
