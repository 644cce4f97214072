import { type AuthError, GoTrueClient, type Session, type User } from "@supabase/auth-js";
import type { Context } from "hono";
import type { z } from "../_shared/zod.ts";
import { countedFetch } from "../_shared/clients.ts";
import type { AppEnv } from "../_shared/context.ts";
import { env } from "../_shared/env.ts";
import { invalidFields, Problem } from "../_shared/problem.ts";
import type { SessionUser, SignedIn } from "./schemas.ts";

/**
 * A new client for Supabase Auth. It stores the session of a sign-in, so it is never shared and never used for data.
 * With the secret key Auth accepts the forwarded IP address and applies its own limits per caller, not per function.
 * Source: Sb-Forwarded-For in https://supabase.com/docs/guides/auth/rate-limits
 */
export function authClient(c: Context<AppEnv>): GoTrueClient {
  const { clientIp, requestHeaders, counter } = c.var;
  const apikey = env.secretKey();
  return new GoTrueClient({
    url: `${env.supabaseUrl()}/auth/v1`,
    headers: {
      ...requestHeaders,
      ...(clientIp ? { "sb-forwarded-for": clientIp } : {}),
      apikey,
      // Spelled as the library does, which replaces it by a session's.
      Authorization: `Bearer ${apikey}`,
    },
    fetch: countedFetch(counter),
    persistSession: false,
    autoRefreshToken: false,
    detectSessionInUrl: false,
  });
}

/** The options of a call to Auth with a captcha's token. */
export const captchaOptions = (captchaToken: string | undefined) =>
  captchaToken === undefined ? {} : { captchaToken };

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

/** The same answer for a wrong password, an unknown address and a banned account. */
export const invalidCredentials = (): Problem =>
  new Problem(401, "invalid_credentials", "The e-mail address or the password is wrong.");

/**
 * Converts an error of Supabase Auth about a field or the whole service. Errors that depend on the endpoint
 * (credentials, tokens, existing accounts) are handled by its route first.
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
      return invalidFields([{ path: "password", message: "must differ from the current one" }]);
    case "email_address_invalid":
    case "email_address_not_authorized":
      return invalidFields([{ path: "email", message: "is not accepted" }]);
    case "email_not_confirmed":
      return new Problem(
        403,
        "email_not_confirmed",
        "Confirm the e-mail address first: open the link in the e-mail.",
      );
    case "captcha_failed":
      return invalidFields([{ path: "captcha_token", message: "is missing or not valid" }]);
    case "signup_disabled":
    case "email_provider_disabled":
      return new Problem(403, "signup_disabled", "Registration is disabled.");
    case "over_request_rate_limit":
    case "over_email_send_rate_limit":
      return new Problem(429, "rate_limited", "Too many requests. Wait and try again.", {
        headers: { "retry-after": "60" },
      });
    default:
      return error.status === undefined || error.status === 0 || error.status === 503
        ? new Problem(
          503,
          "auth_unavailable",
          "The sign-in service does not respond. Try again.",
          cause,
        )
        : new Problem(
          500,
          "internal",
          "Something went wrong. Give the request id when you report it.",
          cause,
        );
  }
}
