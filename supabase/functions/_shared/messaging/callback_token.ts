import { createHmac, timingSafeEqual } from "node:crypto";

/** The query parameter of a callback URL that carries the token. */
export const CALLBACK_TOKEN_PARAM = "token";

/**
 * A token for a callback URL that names one message and cannot be guessed: the UUID and the first
 * 128 bits of an HMAC-SHA256, both base64url (45 characters). Arkesel signs nothing, so only
 * this token proves that a callback belongs to a message of ours.
 * @throws TypeError if `messageId` is not a UUID.
 */
export function signCallback(secret: string, messageId: string): string {
  const hex = messageId.replaceAll("-", "").toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(hex)) throw new TypeError("The message id is not a UUID.");
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const id = toBase64Url(bytes);
  return `${id}.${mac(secret, id)}`;
}

/** The message id (a lower-case UUID) in a token that `signCallback` made, else null. */
export function verifyCallback(secret: string, token: string): string | null {
  const match = /^([\w-]{22})\.([\w-]{22})$/.exec(token);
  const [, id, given] = match ?? [];
  if (id === undefined || given === undefined) return null;
  const encoder = new TextEncoder();
  if (!timingSafeEqual(encoder.encode(given), encoder.encode(mac(secret, id)))) return null;
  const binary = atob(id.replaceAll("-", "+").replaceAll("_", "/"));
  const hex = Array.from(binary, (c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function mac(secret: string, id: string): string {
  // The prefix prevents use of a token for anything else that this secret signs.
  return createHmac("sha256", secret).update(`sms-callback:${id}`).digest("base64url").slice(0, 22);
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
