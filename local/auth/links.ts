import { createHash } from "node:crypto";
import type postgres from "postgres";
import { authError } from "./errors.ts";
import { createUser, findIdByEmail, findUser, type UserInput } from "./users.ts";

/** A one-time link as `generateLink` gives it. */
export interface Link {
  userId: string;
  type: string;
  otp: string;
  hashedToken: string;
  redirectTo: string;
  actionLink: string;
}

/** What is asked of a link. */
export interface LinkRequest extends UserInput {
  type?: string;
  redirect_to?: string;
}

/** Lite stores SHA-256 of the address and the code. */
export function hashToken(email: string, code: string): string {
  return createHash("sha256").update(email.toLowerCase() + code).digest("hex");
}

/** The address a mail leads to. */
export function actionLink(
  apiUrl: string,
  token: string,
  type: string,
  redirectTo: string,
): string {
  const url = new URL("/auth/v1/verify", apiUrl);
  url.search = new URLSearchParams({ token, type, redirect_to: redirectTo }).toString();
  return url.href;
}

/** Makes a link for a user, and the user too where the kind of link allows it. */
export async function makeLink(
  sql: postgres.Sql,
  apiUrl: string,
  request: LinkRequest,
): Promise<Link | Response> {
  const { email, type = "magiclink", redirect_to: redirectTo = apiUrl } = request;
  if (!email) return authError(400, "validation_failed", "An email address is required");
  const confirms = type === "signup" || type === "invite";
  let userId = await findIdByEmail(sql, email);
  if (!userId && type === "recovery") {
    return authError(404, "user_not_found", "User with this email not found");
  }
  if (userId && confirms && (await findUser(sql, userId))?.email_confirmed_at) {
    return authError(
      422,
      "email_exists",
      "A user with this email address has already been registered",
    );
  }
  userId ??= await createUser(sql, request, type === "invite");
  const otp = String((crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % 1e6).padStart(6, "0");
  const hashedToken = hashToken(email, otp);
  const columns = confirms
    ? { confirmation_token: hashedToken, confirmation_sent_at: new Date() }
    : { recovery_token: hashedToken, recovery_sent_at: new Date() };
  await sql`update auth.users set ${sql(columns)} where id = ${userId}`;
  const link = actionLink(apiUrl, hashedToken, type, redirectTo);
  return { userId, type, otp, hashedToken, redirectTo, actionLink: link };
}
