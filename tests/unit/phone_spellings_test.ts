import assert from "node:assert/strict";
import { loadPhoneNumbers, normalizePhone } from "../../supabase/functions/_shared/phone.ts";

await loadPhoneNumbers();

const phoneOf = (value: string, country: string) => {
  const result = normalizePhone(value, country);
  return result.ok ? result.phone : null;
};

Deno.test("numbers are read as people write them", () => {
  for (
    const [value, country, phone] of [
      ["(+233) 244100991", "GH", "+233244100991"],
      ["( +233 ) 24 410 0991", "US", "+233244100991"],
      ["0244100991 (mum)", "GH", "+233244100991"],
      ["0244100991(WhatsApp only)", "GH", "+233244100991"],
      ["011 233 24 410 0991", "US", "+233244100991"],
      ["011-233-244100991", "CA", "+233244100991"],
      ["(305) 555-0100", "US", "+13055550100"],
    ] as const
  ) assert.equal(phoneOf(value, country), phone, `${value} in ${country}`);
});

Deno.test("what is no number stays none", () => {
  for (
    const [value, country] of [
      ["1-800-FLOWERS", "US"],
      ["(mum)", "GH"],
      ["011 233 24 410 0991", "GH"],
      ["0244100991 (0201234567)", "GH"],
    ] as const
  ) assert.equal(phoneOf(value, country), null, `${value} in ${country}`);
});
