import assert from "node:assert/strict";
import { parseTimestamp } from "../../supabase/functions/_shared/timestamp.ts";
import { msUntilDue } from "../../supabase/functions/jobs/pause.ts";

const now = Date.parse("2026-11-30T10:00:00Z");

Deno.test("A timestamp of the database is read in milliseconds, and what is no moment is refused", () => {
  assert.equal(parseTimestamp("2026-11-30T10:00:00+00:00"), now);
  for (const text of ["-infinity", "infinity", "", "null", "soon"]) {
    assert.throws(() => parseTimestamp(text), TypeError, text);
  }
});

Deno.test("A run waits for what falls due, and without end if nothing does", () => {
  assert.equal(msUntilDue("2026-11-30T10:00:03Z", 1, now), 3_000);
  assert.equal(msUntilDue(null, 1, now), Infinity);
  assert.throws(() => msUntilDue("-infinity", 1, now), TypeError);
});

Deno.test("What is due but handed out to nobody is asked for at growing distances", () => {
  const waits = Array.from(
    { length: 10 },
    (_, i) => msUntilDue("2026-11-30T09:59:00Z", i + 1, now),
  );
  assert.deepEqual(waits.slice(0, 3), [50, 100, 200]);
  assert.equal(waits.at(-1), 5_000);
});
