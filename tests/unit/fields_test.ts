import assert from "node:assert/strict";
import { isoTime } from "../../supabase/functions/_shared/fields.ts";

Deno.test("a timestamp of the database becomes ISO 8601 in UTC, whatever its fraction and zone", () => {
  for (
    const [given, wanted] of [
      ["2026-11-30T10:00:00+00:00", "2026-11-30T10:00:00.000Z"],
      ["2026-11-30T10:00:00.1+00:00", "2026-11-30T10:00:00.100Z"],
      ["2026-11-30T10:00:00.123456+00:00", "2026-11-30T10:00:00.123Z"],
      ["2026-11-30T10:00:00.999999+00:00", "2026-11-30T10:00:00.999Z"],
      ["2026-11-30T12:00:00.5+02:00", "2026-11-30T10:00:00.500Z"],
      ["2026-11-30T10:00:00.5Z", "2026-11-30T10:00:00.500Z"],
    ] as const
  ) {
    assert.equal(isoTime(given), wanted);
    assert.equal(Date.parse(given), Date.parse(wanted), "the same moment, in milliseconds");
  }
  assert.equal(isoTime(null), null);
});

Deno.test("what is no moment is refused", () => {
  for (const text of ["infinity", "-infinity", "", "2026-11-30T10:00:00.1+00:00x"]) {
    assert.throws(() => isoTime(text), TypeError, text);
  }
});
