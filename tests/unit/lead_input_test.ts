import { deepEqual, equal, throws } from "node:assert/strict";
import { LeadChange, leadFields, LeadInput } from "../../supabase/functions/leads/input.ts";
import { etag, expectedVersion } from "../../supabase/functions/_shared/version.ts";
import { loadPhoneNumbers } from "../../supabase/functions/_shared/phone.ts";
import { Problem } from "../../supabase/functions/_shared/problem.ts";

await loadPhoneNumbers();

const ghana = { country: "GH", currency: "GHS" };
const read = (input: unknown) => leadFields(LeadInput.parse(input), ghana);

function refusal(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

Deno.test("fields that are left out are left out, and empty ones are null", () => {
  deepEqual(read({}), {});
  deepEqual(read({ email: "", phone: "", region: " ", country: "", time_zone: "" }), {
    email: null,
    phone: null,
    region: null,
    country: null,
    time_zone: null,
  });
  deepEqual(LeadChange.parse({ version: 3, unknown: 1 }), { version: 3 });
});

Deno.test("fields come out in the one form in which they are kept", () => {
  deepEqual(
    read({
      first_name: "\u202aAma\u202c  Serwaa ",
      email: " AMA@Example.com",
      phone: 244123456,
      value: "1.234,50",
      source: " WEB ",
      tags: ["a ", "a", "b"],
    }),
    {
      first_name: "Ama Serwaa",
      email: "ama@example.com",
      phone: "+233244123456",
      value: "1234.50",
      source: "web",
      tags: ["a", "b"],
    },
  );
});

Deno.test("all that cannot be read is named at once", () => {
  const problem = refusal(() => read({ phone: "1", value: "-5" }));
  equal(problem.status, 422);
  deepEqual(problem.extra.errors?.map(({ path }) => path), ["phone", "value"]);
});

Deno.test("If-Match and the body say the expected version, or nothing does", () => {
  equal(etag({ version: 3 }), '"3"');
  equal(expectedVersion(undefined), undefined);
  equal(expectedVersion(undefined, 4), 4);
  equal(expectedVersion("*", 4), 4);
  equal(expectedVersion('"3"'), 3);
  equal(expectedVersion(' W/"3" '), 3);
  equal(expectedVersion('"3"', 3), 3);
  equal(refusal(() => expectedVersion('"3"', 4)).status, 422);
  for (const header of ["", "3", '"a"', '"1","2"', '"1234567890"']) {
    equal(refusal(() => expectedVersion(header)).status, 400, header);
  }
  throws(() => LeadInput.parse({ email: "ama" }));
});
