import { z } from "../_shared/zod.ts";
import { invalidFields, Problem } from "../_shared/problem.ts";

/** The header that says which version of a lead was read. */
export const IfMatchHeader = z.object({
  "if-match": z.string().optional().openapi({
    description: "The ETag of the lead that was read; another version now is answered 409",
    example: '"3"',
  }),
});

/** A lead's ETag: its version. */
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
    throw new Problem(
      400,
      "if_match_malformed",
      'If-Match must be the ETag of the lead, such as "3".',
    );
  }
  const version = Number(digits);
  if (body !== undefined && body !== version) {
    throw invalidFields([{ path: "version", message: "is another one than If-Match says" }]);
  }
  return version;
}
