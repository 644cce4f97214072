import { decodeJwt } from "jose";
import type postgres from "postgres";
import { SECRET_KEY } from "../keys.ts";
import { signAccessToken, verifyAccessToken } from "../tokens.ts";

/** Whether a request may use the admin API: it has the secret key or a service token. */
export async function isAdmin(request: Request): Promise<boolean> {
  const token = request.headers.get("authorization")?.replace(/^Bearer /i, "") ?? "";
  if (request.headers.get("apikey") === SECRET_KEY && (!token || token.startsWith("sb_"))) {
    return token === "" || token === SECRET_KEY;
  }
  try {
    const payload = await verifyAccessToken(token);
    return payload.role === "service_role" || payload.role === "supabase_admin";
  } catch {
    return false;
  }
}

/**
 * Signs a token of Lite's again with what hosted Auth puts into it: the key's id, the issuer, the user's
 * metadata. Gives null if the user is banned, which Lite does not look at.
 */
export async function complete(
  sql: postgres.Sql,
  token: string,
  issuer: string,
): Promise<string | null> {
  const claims = decodeJwt(token);
  const [user] = await sql`
    select raw_app_meta_data, raw_user_meta_data, phone, is_anonymous, banned_until > now() as banned
    from auth.users where id = ${claims.sub ?? null}`;
  if (user?.banned) return null;
  return await signAccessToken({
    ...claims,
    iss: issuer,
    phone: user?.phone ?? "",
    app_metadata: user?.raw_app_meta_data ?? {},
    user_metadata: user?.raw_user_meta_data ?? {},
    aal: "aal1",
    amr: [{ method: "password", timestamp: claims.iat }],
    is_anonymous: Boolean(user?.is_anonymous),
  });
}
