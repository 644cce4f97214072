import type { AuthError, Session, User } from "@supabase/supabase-js";
import type { Context } from "hono";
import type { z } from "../_shared/zod.ts";
import { adminClient, type Client } from "../_shared/clients.ts";
import type { AppEnv } from "../_shared/context.ts";
import { invalidFields, Problem } from "../_shared/problem.ts";
import type { SessionUser, SignedIn } from "./schemas.ts";

/**
 * A fresh client for Supabase Auth: it keeps the session it wins, so it is never shared and never used for data. The
 * secret key is what lets Auth believe the forwarded address and count its own limits by caller, not by function.
 * Source: Sb-Forwarded-For in https://supabase.com/docs/guides/auth/rate-limits
 */
export function authClient(c: Context<AppEnv>): Client {
  const { clientIp, requestHeaders, counter } = c.var;
  return adminClient(
    { ...requestHeaders, ...(clientIp ? { "sb-forwarded-for": clientIp } : {}) },
    counter,
  );
}

const fullName = (user: User): string => {
  const name: unknown = user.user_metadata["full_name"];
  return typeof name === "string" ? name : "";
};

/** A user of Auth as the API shows it. */
export function toUser(user: User): z.infer<typeof SessionUser> {
  return { id: user.id, email: user.email ?? "", full_name: fullName(user) };
}

/** A session of Auth as the API shows it. */
export function toSignedIn(session: Session): z.infer<typeof SignedIn> {
  return {
    access_token: session.access_token,
    refresh_token: session.refresh_token,
    expires_at: session.expires_at ?? Math.floor(Date.now() / 1000) + session.expires_in,
    user: toUser(session.user),
  };
}

/** The one answer to a wrong password, an unknown address and a banned account. */
export const invalidCredentials = (): Problem =>
  new Problem(401, "invalid_credentials", "The e-mail address or the password is wrong.");

/**
 * The problem for a refusal by Auth that concerns the whole service or a field; what only one endpoint can judge
 * (credentials, tokens, taken addresses) its route handles first.
 * Codes: https://supabase.com/docs/guides/auth/debugging/error-codes
 */
export function fromAuth(error: AuthError): Problem {
  const cause = { cause: error };
  switch (error.code) {
    case "weak_password":
      return invalidFields([{
        path: "password",
        message: "is too weak: make it longer or less common",
      }]);
    case "same_password":
      return invalidFields([{ path: "password", message: "must differ from the present one" }]);
    case "email_address_invalid":
    case "email_address_not_authorized":
      return invalidFields([{ path: "email", message: "is not accepted" }]);
    case "email_not_confirmed":
      return new Problem(
        403,
        "email_not_confirmed",
        "Confirm the e-mail address first: open the link we sent.",
      );
    case "signup_disabled":
    case "email_provider_disabled":
      return new Problem(403, "signup_disabled", "Nobody can register at the moment.");
    case "over_request_rate_limit":
    case "over_email_send_rate_limit":
      return new Problem(429, "rate_limited", "Too many requests. Wait and try again.", {
        headers: { "retry-after": "60" },
      });
    default:
      return error.status === undefined || error.status === 0 || error.status === 503
        ? new Problem(503, "auth_unavailable", "Sign-in does not answer. Try again.", cause)
        : new Problem(
          500,
          "internal",
          "Something went wrong. The request id helps us find out what.",
          cause,
        );
  }
}
