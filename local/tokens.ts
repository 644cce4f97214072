import { importJWK, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { INNER_KEY, SIGNING_KEY, signingKeySet } from "./keys.ts";

let keys: Promise<{ own: CryptoKey; open: CryptoKey }> | undefined;

async function load(): Promise<{ own: CryptoKey; open: CryptoKey }> {
  const [own, open] = await Promise.all([
    importJWK({ ...SIGNING_KEY }, "ES256"),
    importJWK(signingKeySet().keys[0] ?? {}, "ES256"),
  ]);
  return { own: own as CryptoKey, open: open as CryptoKey };
}

/** An access token with these claims. */
export async function signAccessToken(claims: JWTPayload): Promise<string> {
  keys ??= load();
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", kid: SIGNING_KEY.kid, typ: "JWT" })
    .sign((await keys).own);
}

/** The claims of an access token, at present or at the time given. Throws if it is not valid. */
export async function verifyAccessToken(token: string, currentDate?: Date): Promise<JWTPayload> {
  keys ??= load();
  const options = { algorithms: ["ES256"], ...(currentDate && { currentDate }) };
  return (await jwtVerify(token, (await keys).open, options)).payload;
}

/**
 * The request with its access token signed as Lite knows it, which verifies symmetric tokens only. A token that is not
 * ours stays as it is, one that has expired stays so: Lite has the platform's errors for both.
 */
export async function forLite(request: Request): Promise<Request> {
  const token = /^Bearer ([^.]+\.[^.]+\.[^.]+)$/.exec(request.headers.get("authorization") ?? "")
    ?.[1];
  const claims = token && await verifyAccessToken(token, issuedAt(token)).catch(() => null);
  if (!claims) return request;
  const headers = new Headers(request.headers);
  const inner = await new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .sign(INNER_KEY);
  headers.set("authorization", `Bearer ${inner}`);
  return new Request(request, { headers });
}

/** When the token says that it was issued, so that only its signature is looked at. */
export function issuedAt(token: string): Date {
  const { iat, exp } = claimsIn(token);
  return new Date(1_000 * Math.max(0, Math.min(iat ?? Infinity, (exp ?? Infinity) - 1)));
}

/** Whether a token is valid at this time as far as its claims say. */
export function isCurrent({ exp = Infinity, nbf = 0, iat = 0 }: JWTPayload): boolean {
  const now = Date.now() / 1000;
  return now < exp && nbf <= now && Math.floor(iat) <= Math.floor(now);
}

/** What a token claims; its signature is not checked. */
export function claimsIn(token: string): JWTPayload {
  const part = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  try {
    return JSON.parse(atob(part));
  } catch {
    return {};
  }
}
