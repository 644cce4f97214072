/*
 * Everything here is public and for this machine only: the stack listens on 127.0.0.1 and no hosted project knows these values.
 */

/** The local project's publishable key; requests with it run as `anon`. */
export const PUBLISHABLE_KEY = "sb_publishable_local_demo_only";
/** The local project's secret key; requests with it run as `service_role`. */
export const SECRET_KEY = "sb_secret_local_demo_only";
/** Signs the access tokens of the local Auth. */
export const JWT_SECRET = "local-demo-only-jwt-secret-of-more-than-32-characters";
/** The id that tokens name in their header. */
export const JWT_KEY_ID = "b81269f1-21d8-4f2e-b719-c2240a840d90";
/** Password of the database's login roles. */
export const DATABASE_PASSWORD = "postgres";
/** Signs the callback addresses that carriers get from the functions. */
export const CALLBACK_SIGNING_SECRET = "local-demo-only-callback-signing-secret";

/** With it functions prove to the database where a request comes from. */
export const REQUEST_SIGNING_KEY = "local-demo-only-request-signing-key";

/** The signing key as bytes, as jose takes it. */
export const JWT_KEY: Uint8Array = new TextEncoder().encode(JWT_SECRET);

/** The key set that functions verify tokens with. Symmetric, therefore never served over HTTP. */
export function signingKeySet(): { keys: Record<string, string>[] } {
  const k = btoa(JWT_SECRET).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return { keys: [{ kty: "oct", alg: "HS256", kid: JWT_KEY_ID, use: "sig", k }] };
}
