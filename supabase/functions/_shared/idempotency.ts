import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./context.ts";
import { Problem } from "./problem.ts";

/**
 * Reads the `Idempotency-Key` header (a structured-field string, so quoted; unquoted is understood too) and passes it,
 * with a fingerprint of the request, to the database, where the SQL function that does the work answers a repeat from
 * what it kept (`private.replayed_response`). Source: draft-ietf-httpapi-idempotency-key-header.
 */
export const idempotent: MiddlewareHandler<AppEnv> = async (c, next) => {
  const header = c.req.header("idempotency-key");
  if (header !== undefined && c.req.method === "POST") {
    c.var.requestHeaders["idempotency-key"] = parseKey(header);
    c.var.requestHeaders["x-idempotency-fingerprint"] = await fingerprint([
      new TextEncoder().encode(`${c.req.method} ${new URL(c.req.url).pathname}\n`),
      repeatable(new Uint8Array(await c.req.arrayBuffer()), c.req.header("content-type") ?? ""),
    ]);
  }
  await next();
};

/** The body without a form's boundary, which clients choose anew for every request. */
function repeatable(body: Uint8Array, contentType: string): Uint8Array {
  const boundary = /^multipart\/.*\bboundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const name = boundary?.[1] ?? boundary?.[2];
  if (name === undefined) return body;
  return new TextEncoder().encode(new TextDecoder("latin1").decode(body).replaceAll(name, ""));
}

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

/** SHA-256 of the parts, in hex. */
export async function fingerprint(parts: Uint8Array[]): Promise<string> {
  const bytes = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
