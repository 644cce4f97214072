/*
 * Everything here is public and for this machine only: the stack listens on 127.0.0.1 and no hosted project knows these values.
 */

/** The local project's publishable key; requests with it run as `anon`. */
export const PUBLISHABLE_KEY = "sb_publishable_local_demo_only";
/** The local project's secret key; requests with it run as `service_role`. */
export const SECRET_KEY = "sb_secret_local_demo_only";
/**
 * Signs access tokens (ES256): those of the local Auth and those that functions make, as on a hosted project whose signing
 * key is one that was imported.
 */
export const SIGNING_KEY = {
  kty: "EC",
  alg: "ES256",
  crv: "P-256",
  kid: "b81269f1-21d8-4f2e-b719-c2240a840d90",
  use: "sig",
  x: "lsNtKnZgzo7o7MuSSqTfLfDGbYYLE7ei6h4zLunYY_g",
  y: "m7KhCLNo35__n3EwECc0MwWadqeDTlshvVdfi_rx15k",
  d: "uufFdBqCEEIOo4BokwZtsE2L6EB-mZqk17Ayq0Q96j4",
} as const;

/** What parts of the stack sign for themselves: Lite's inner tokens and the addresses of Storage. */
export const INNER_SECRET = "local-demo-only-jwt-secret-of-more-than-32-characters";
/** Password of the database's login roles. */
export const DATABASE_PASSWORD = "postgres";
/** Signs the callback addresses that carriers get from the functions. */
export const CALLBACK_SIGNING_SECRET = "local-demo-only-callback-signing-secret";

/** With it functions prove to the database where a request comes from. */
export const REQUEST_SIGNING_KEY = "local-demo-only-request-signing-key";

/** `INNER_SECRET` as bytes, as jose takes it. */
export const INNER_KEY: Uint8Array = new TextEncoder().encode(INNER_SECRET);

/** The key set that verifies access tokens, as Auth publishes it. */
export function signingKeySet(): { keys: Record<string, string>[] } {
  const { d: _private, ...key } = SIGNING_KEY;
  return { keys: [key] };
}
