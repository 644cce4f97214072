import { z } from "./zod.ts";
import { invalidFields, Problem } from "./problem.ts";

/** The header that says which version of a record was read. */
export const IfMatchHeader = z.object({
  "if-match": z.string().optional().openapi({
    description: "The ETag of what was read; another version now is answered 409",
    example: '"3"',
  }),
});

/** The version in a body, for callers that cannot set headers. */
export const Version = z.int().min(1).optional().openapi({
  description: "The version that was read, where If-Match is not sent",
});

/** A record's ETag: its version. */
export const etag = ({ version }: { version: number }): string => `"${version}"`;

/**
 * The version that a change expects, from If-Match or the body; undefined where the caller does not mind. Proxies that
 * compress answers make ETags weak, so a weak one counts too.
 * @throws Problem 400 when If-Match is malformed, 422 when the body says another version.
 */
export function expectedVersion(header: string | undefined, body?: number): number | undefined {
  if (header === undefined || header.trim() === "*") return body;
  const digits = /^\s*(?:W\/)?"(\d{1,9})"\s*$/.exec(header)?.[1];
  if (digits === undefined) {
    throw new Problem(400, "if_match_malformed", 'If-Match must be an ETag, such as "3".');
  }
  const version = Number(digits);
  if (body !== undefined && body !== version) {
    throw invalidFields([{ path: "version", message: "is another one than If-Match says" }]);
  }
  return version;
}
