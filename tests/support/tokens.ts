import { signAccessToken } from "../../local/tokens.ts";
import { stackUnderTest } from "./stack.ts";

/** How long the local Auth lets an access token hold. */
const LIFETIME_SECONDS = 3_600;

/** What a token says of its holder. */
export interface TokenHolder {
  userId: string;
  email: string;
  sessionId: string;
  /** `auth.users.raw_user_meta_data`. */
  metadata: Record<string, unknown>;
}

/** What a token says. */
export const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(
    new TextDecoder().decode(
      Uint8Array.fromBase64(token.split(".")[1] ?? "", { alphabet: "base64url" }),
    ),
  );

/** A token with these claims, signed as the local Auth signs. */
export const signClaims = (claims: Record<string, unknown>): Promise<string> =>
  signAccessToken(claims);

/** An access token with the claims of the local Auth's (local/auth/tokens.ts), valid from `issuedAt` (ms since 1970). */
export function signToken(holder: TokenHolder, issuedAt = Date.now()): Promise<string> {
  const iat = Math.floor(issuedAt / 1_000);
  return signClaims({
    sub: holder.userId,
    aud: "authenticated",
    role: "authenticated",
    email: holder.email,
    session_id: holder.sessionId,
    iat,
    exp: iat + LIFETIME_SECONDS,
    iss: `${stackUnderTest().api_url}/auth/v1`,
    phone: "",
    app_metadata: { provider: "email", providers: ["email"] },
    user_metadata: holder.metadata,
    aal: "aal1",
    amr: [{ method: "password", timestamp: iat }],
    is_anonymous: false,
  });
}
