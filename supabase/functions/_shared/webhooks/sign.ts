import { Buffer } from "node:buffer";

/** A message as it is signed: `timestamp` in whole seconds since 1970 of this try, `body` as it is sent. */
export interface SignedMessage {
  id: string;
  timestamp: number;
  body: string;
}

async function signature(message: SignedMessage, secret: string): Promise<string> {
  const key = await crypto.subtle.importKey(
    "raw",
    Buffer.from(secret.replace(/^whsec_/, ""), "base64"),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const content = `${message.id}.${message.timestamp}.${message.body}`;
  const mac = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(content));
  return `v1,${Buffer.from(mac).toString("base64")}`;
}

/**
 * The headers of Standard Webhooks 1.0.0 (https://www.standardwebhooks.com), signed with each of the secrets, so that a
 * receiver verifies with either while one replaces the other.
 */
export async function signedHeaders(
  message: SignedMessage,
  secrets: string[],
): Promise<Record<string, string>> {
  const signatures = await Promise.all(secrets.map((secret) => signature(message, secret)));
  return {
    "webhook-id": message.id,
    "webhook-timestamp": String(message.timestamp),
    "webhook-signature": signatures.join(" "),
  };
}
