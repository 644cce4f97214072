/**
 * Reads a timestamp as the database writes it.
 * @param text ISO 8601 with a zone.
 * @returns milliseconds since 1970.
 * @throws TypeError for text that is no moment, `infinity` and `-infinity` included: as NaN it would make every
 * comparison false, and a job that waits for it would never wait.
 */
export function parseTimestamp(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new TypeError(`Not a timestamp: ${text.slice(0, 40)}`);
  return ms;
}
