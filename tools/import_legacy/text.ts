import { createHash } from "node:crypto";

// deno-lint-ignore no-control-regex -- what PostgreSQL and the constraints refuse.
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]/g;

/** Text of several lines without control characters. */
export const cleanLines = (value: string): string =>
  value.toWellFormed().replace(CONTROLS, "").trim();

/** The first characters of a text; none of them is halved, and none at the end is a space. */
export const cut = (text: string, maxLength: number): string =>
  text.length <= maxLength
    ? text
    : [...text.slice(0, 2 * maxLength)].slice(0, maxLength).join("").toWellFormed().trim();

/** Whether a text has more characters than that. */
export const isLonger = (text: string, maxLength: number): boolean =>
  text.length > maxLength && [...text].length > maxLength;

/** An old value as lists of problems show it. */
export const shown = (value: unknown): string | null =>
  value === null || value === undefined
    ? null
    : cut(cleanLines(typeof value === "object" ? JSON.stringify(value) : String(value)), 300);

const LONGEST_ID = 200;

/** An old id as it is kept here: one that no index has room for is cut and told apart by a digest. */
export const keptId = (oldId: string): string =>
  oldId.length <= LONGEST_ID
    ? oldId
    : `${cut(oldId, LONGEST_ID / 2)}… ${createHash("sha256").update(oldId).digest("hex")}`;

/** A word as a key (a-z, 0-9, _); one without such letters gets a digest of it as its key. */
export const keyOf = (text: string): string =>
  text.toLowerCase().normalize("NFKD").replace(/[^a-z0-9]+/g, "_").replace(/^[^a-z]+|_+$/g, "")
    .slice(0, 50) ||
  `k_${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
