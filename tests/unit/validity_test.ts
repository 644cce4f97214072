import assert from "node:assert/strict";
import { providerTimeoutMs } from "../../supabase/functions/_shared/messaging/accounts.ts";
import { validityOf } from "../../supabase/functions/jobs/validity.ts";

/** The provider counts from when the request has come to it. */
const onTheWay = providerTimeoutMs / 1000;
const now = Date.parse("2026-11-20T20:59:30Z");

Deno.test("A text is handed over with what is left of its hours, and not at all once they are over", () => {
  assert.deepEqual(validityOf(null, now), { seconds: undefined });
  assert.deepEqual(validityOf(undefined, now), { seconds: undefined });
  assert.deepEqual(validityOf("2026-11-20T21:00:00+00:00", now), { seconds: 30 - onTheWay });
  assert.deepEqual(validityOf("2026-11-20T16:00:00-05:00", now), { seconds: 30 - onTheWay });
  for (const late of [29_001 - providerTimeoutMs, 29_001, 30_000, 3_600_000]) {
    const outcome = validityOf("2026-11-20T21:00:00Z", now + late);
    assert.ok("tooLate" in outcome, `${late} ms later`);
    assert.equal(outcome.tooLate.kind, "retry");
  }
});
