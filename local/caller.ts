import type { JWTPayload } from "jose";
import type postgres from "postgres";
import { PUBLISHABLE_KEY, SECRET_KEY } from "./keys.ts";
import { verifyAccessToken } from "./tokens.ts";

/** Who asks: the claims of a token, or the role an API key stands for. */
export type Claims = JWTPayload & { role: string };

const keyRoles: Record<string, string> = {
  [PUBLISHABLE_KEY]: "anon",
  [SECRET_KEY]: "service_role",
};

/** The claims of an API key or a signed token. Throws if it is neither. */
export async function claimsOf(credential: string): Promise<Claims> {
  const role = keyRoles[credential];
  if (role) return { role };
  const payload = await verifyAccessToken(credential);
  return { ...payload, role: typeof payload.role === "string" ? payload.role : "anon" };
}

/** The credential of a request: its token, unless that is an API key too, else its `apikey`. */
export function credentialOf(request: Request): string {
  const token = request.headers.get("authorization")?.replace(/^Bearer /i, "") ?? "";
  const key = request.headers.get("apikey") ?? new URL(request.url).searchParams.get("apikey");
  return token && !token.startsWith("sb_") ? token : key ?? token;
}

/** Makes the rest of a transaction run as the caller, with further settings as a policy may read them. */
export async function actAs(
  transaction: postgres.TransactionSql,
  claims: Claims,
  settings: Record<string, string> = {},
): Promise<void> {
  const all = {
    role: claims.role,
    "request.jwt.claims": JSON.stringify(claims),
    "request.jwt.claim.sub": claims.sub ?? "",
    "request.jwt.claim.role": claims.role,
    ...settings,
  };
  const [names, values] = [Object.keys(all), Object.values(all)];
  await transaction`
    select set_config(name, value, true) from unnest(${names}::text[], ${values}::text[]) as s (name, value)`;
}
