import { importJWK, SignJWT } from "jose";
import { env } from "./env.ts";

let key: Promise<CryptoKey> | undefined;

/** Which row of the database a token stands for; that row is its session, so ending the row ends the token. */
export interface TokenOf {
  /** The account in whose name requests are made. */
  subject: string;
  sessionId: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  /** `{ act: { sub } }` (RFC 8693) or `{ token_use: "api_key", address? }`. */
  claims: Record<string, unknown>;
}

/**
 * An access token signed with the key that the deployment imported into Supabase (TOKEN_SIGNING_KEY), which the Data API,
 * Realtime and Storage trust as they trust Auth's. Auth itself refuses it: it knows no such session.
 */
export async function signToken(token: TokenOf): Promise<string> {
  const jwk = env.tokenSigningKey();
  key ??= importJWK({ ...jwk, alg: "ES256" }, "ES256") as Promise<CryptoKey>;
  return await new SignJWT({
    ...token.claims,
    role: "authenticated",
    session_id: token.sessionId,
    aal: "aal1",
    is_anonymous: false,
  })
    .setProtectedHeader({ alg: "ES256", kid: jwk.kid, typ: "JWT" })
    .setSubject(token.subject)
    .setAudience("authenticated")
    .setIssuer(`${env.supabaseUrl()}/auth/v1`)
    .setIssuedAt()
    .setExpirationTime(Math.floor(token.expiresAt / 1000))
    .sign(await key);
}
