import { createHash } from "node:crypto";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => UUID.test(text);

/**
 * The id of a row whose list is in the order of ids: a UUID version 7 (RFC 9562) of the row's time in microseconds, whose
 * other bits are a digest of where it came from. The same row always gets the same id.
 */
export function derivedId(at: string, ...origin: string[]): string {
  const micros = microsOf(at);
  const digest = createHash("sha256").update(origin.join("\u0000")).digest(
    "hex",
  );
  const millis = (micros / 1000n).toString(16).padStart(12, "0");
  const fraction = ((micros % 1000n) * 4096n / 1000n).toString(16).padStart(
    3,
    "0",
  );
  const variant = (parseInt(digest.slice(0, 1), 16) & 3 | 8).toString(16);
  return `${millis.slice(0, 8)}-${millis.slice(8)}-7${fraction}-${variant}${digest.slice(1, 4)}-${
    digest.slice(4, 16)
  }`;
}

/** A UUID for an old id that is none: an integer, say. */
export const digestId = (...origin: string[]): string =>
  derivedId("1970-01-01 00:00:00Z", ...origin);

/** The id of a row with a time, or of one whose time is not known: the same in every run. */
export const stableId = (at: string | null, ...origin: string[]): string =>
  at === null ? digestId(...origin) : derivedId(at, ...origin);

/** The id of a row that follows from another one, with the time of that one's id. */
export const siblingId = (id: string, ...origin: string[]): string =>
  id.slice(0, 18) + digestId(id, ...origin).slice(18);

/** PostgreSQL's text of a timestamp as microseconds since 1970; without an offset it is UTC. */
export function microsOf(at: string): bigint {
  const [, day, time, fraction = "", zone = ""] =
    /^(\d{4}-\d\d-\d\d)[ T](\d{1,2}:\d\d:\d\d)(?:\.(\d{1,6})\d*)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/
      .exec(at) ?? [];
  const offset = /^[+-]/.test(zone) ? (zone.length === 3 ? `${zone}:00` : zone) : "Z";
  const millis = Date.parse(`${day}T${time?.padStart(8, "0")}${offset}`);
  if (Number.isNaN(millis)) throw new Error(`not a timestamp: ${at}`);
  return BigInt(millis) * 1000n + BigInt(fraction.padEnd(6, "0") || "0");
}
