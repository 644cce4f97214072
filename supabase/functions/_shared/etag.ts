import type { Context } from "hono";
import type { AppEnv } from "./context.ts";
import { z } from "./zod.ts";

/** The header with the ETags that a client has. */
export const IfNoneMatchHeader = z.object({
  "if-none-match": z.string().max(1000).optional().openapi({
    description: "The ETag of the answer that the client has; 304 if it is still the same",
    example: 'W/"1f0c9a3b5e7d2c4a"',
  }),
});

/** A 304 of a route definition. */
export const notModified = { 304: { description: "Still what the client has" } };

async function weakTag(body: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const hex = Array.from(digest.subarray(0, 12), (byte) => byte.toString(16).padStart(2, "0"));
  return `W/"${hex.join("")}"`;
}

/** The ETags that a header names, without quotes and marks of weakness, which compare alike (RFC 9110, 13.1.2); or `*`. */
export const namedTags = (header: string | undefined): string[] =>
  (header ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, "").replaceAll('"', ""));

/** Whether a header names an ETag. */
export function namesTag(header: string | undefined, tag: string): boolean {
  const named = namedTags(header);
  return named.includes("*") || namedTags(tag).some((one) => named.includes(one));
}

/**
 * Sets the ETag of an answer, made from its content, and whether the client has it already: then the route answers 304
 * without a body.
 */
export async function isUnchanged(c: Context<AppEnv>, body: unknown): Promise<boolean> {
  const tag = await weakTag(body);
  c.header("etag", tag);
  c.header("cache-control", "private, no-cache");
  return namesTag(c.req.header("if-none-match"), tag);
}
