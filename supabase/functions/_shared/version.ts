import { z } from "./zod.ts";
import { invalidFields, Problem } from "./problem.ts";

/** The header with the version of a record that the client has read. */
export const IfMatchHeader = z.object({
  "if-match": z.string().optional().openapi({
    description: "The ETag of the record that was read; 409 if it has changed since",
    example: '"3"',
  }),
});

/** The version in a body, for clients that cannot set headers. */
export const Version = z.int().min(1).optional().openapi({
  description: "The version that was read, if If-Match is not sent",
});

/** A record's ETag: its version. */
export const etag = ({ version }: { version: number }): string => `"${version}"`;

/**
 * The version that a change expects, from If-Match or the body; undefined for any version. Weak ETags are accepted,
 * because proxies that compress answers make them weak.
 * @throws Problem 400 if If-Match is malformed, 422 if the body has another version
 */
export function expectedVersion(header: string | undefined, body?: number): number | undefined {
  if (header === undefined || header.trim() === "*") return body;
  const digits = /^\s*(?:W\/)?"(\d{1,9})"\s*$/.exec(header)?.[1];
  if (digits === undefined) {
    throw new Problem(400, "if_match_malformed", 'If-Match must be an ETag, such as "3".');
  }
  const version = Number(digits);
  if (body !== undefined && body !== version) {
    throw invalidFields([{ path: "version", message: "differs from If-Match" }]);
  }
  return version;
}
