import assert from "node:assert/strict";
import { providerTimeoutMs } from "../../supabase/functions/_shared/messaging/accounts.ts";
import { startWithinMs, unknownAfterSeconds } from "../../supabase/functions/jobs/settling.ts";

Deno.test("no outcome counts as unknown while its request may still start or be under way, whatever is configured", () => {
  for (const configured of [0, 5, 15]) {
    assert.ok(unknownAfterSeconds(configured) * 1000 > startWithinMs + providerTimeoutMs);
  }
  assert.equal(unknownAfterSeconds(600), 600);
});
