import { JWT_KEY, JWT_KEY_ID } from "../../local/keys.ts";
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

const base64url = (bytes: Uint8Array): string =>
  bytes.toBase64({ alphabet: "base64url", omitPadding: true });

const encoded = (value: unknown): string =>
  base64url(new TextEncoder().encode(JSON.stringify(value)));

const header = encoded({ alg: "HS256", kid: JWT_KEY_ID, typ: "JWT" });

let key: Promise<CryptoKey> | undefined;

/** What a token says. */
export const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(
    new TextDecoder().decode(
      Uint8Array.fromBase64(token.split(".")[1] ?? "", { alphabet: "base64url" }),
    ),
  );

/** A token with these claims, signed as the local Auth signs. */
export async function signClaims(claims: Record<string, unknown>): Promise<string> {
  key ??= crypto.subtle.importKey(
    "raw",
    JWT_KEY as BufferSource,
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const signed = `${header}.${encoded(claims)}`;
  const signature = await crypto.subtle.sign("HMAC", await key, new TextEncoder().encode(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

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
