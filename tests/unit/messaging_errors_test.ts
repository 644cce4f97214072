import assert from "node:assert/strict";
import {
  asyncClass,
  describeTwilioError,
  isOptOut,
} from "../../supabase/functions/_shared/messaging/twilio_errors.ts";

Deno.test("Twilio's codes are classed by what they mean for the number and for another try", () => {
  const classes = {
    optOut: [21610, 30640],
    invalidNumber: [21211, 21214, 21614, 21635, 30005, 30006],
    filtered: [30007, 30450],
    transient: [20429, 21611, 30001, 30003, 30008, 30017, 30022, 30023, 30027, 30610],
    outage: [20003, 21212, 21606, 30002, 30032, 30034, 30035],
    permanent: [21408, 21602, 21612, 21617, 30004, 30410, 99999],
  };
  for (const [name, codes] of Object.entries(classes)) {
    for (const code of codes) {
      assert.equal(asyncClass(code), name, String(code));
      assert.equal(asyncClass(String(code)), name);
      assert.equal(isOptOut(code), name === "optOut");
    }
  }
  assert.equal(asyncClass(null), "permanent");
  assert.equal(describeTwilioError("30003"), "unreachable handset");
  assert.equal(describeTwilioError("99999"), null);
});
