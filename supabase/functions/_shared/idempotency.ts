import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./context.ts";
import { Problem } from "./problem.ts";

/**
 * Passes the `Idempotency-Key` header (a structured-field string, so quoted; unquoted is accepted too) and a fingerprint
 * of the request to the database, where the SQL function that does the work answers a repeat with the stored response
 * (`private.idempotent_response`). Source: draft-ietf-httpapi-idempotency-key-header.
 * @throws Problem 400 for a malformed key
 */
export const idempotent: MiddlewareHandler<AppEnv> = async (c, next) => {
  const header = c.req.header("idempotency-key");
  if (header !== undefined && c.req.method === "POST") {
    c.var.requestHeaders["idempotency-key"] = parseKey(header);
    c.var.requestHeaders["x-idempotency-fingerprint"] = fingerprintOf(
      `${c.req.method} ${new URL(c.req.url).pathname}\n`,
      new Uint8Array(await c.req.arrayBuffer()),
      c.req.header("content-type") ?? "",
    );
  }
  await next();
};

function parseKey(header: string): string {
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new Problem(
      400,
      "idempotency_key_malformed",
      "Idempotency-Key must have 1 to 255 printable characters without spaces.",
    );
  }
  return key;
}

/**
 * SHA-256 of a request, in hex; of a form without its boundary, which differs in every request. The body is hashed in
 * parts without a copy, because it may take up a large part of the memory.
 */
function fingerprintOf(start: string, body: Uint8Array, contentType: string): string {
  const hash = createHash("sha256").update(start);
  const match = /^multipart\/.*\bboundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const boundary = Buffer.from(match?.[1] ?? match?.[2] ?? "");
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let at = 0;
  while (boundary.length > 0) {
    const next = bytes.indexOf(boundary, at);
    if (next === -1) break;
    hash.update(bytes.subarray(at, next));
    at = next + boundary.length;
  }
  return hash.update(bytes.subarray(at)).digest("hex");
}

/** SHA-256 of the parts, in hex. */
export async function fingerprint(parts: Uint8Array[]): Promise<string> {
  const bytes = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
