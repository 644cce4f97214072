import { deepEqual, equal, throws } from "node:assert/strict";
import { loadPhoneNumbers, normalizePhone } from "../../supabase/functions/_shared/phone.ts";

await loadPhoneNumbers();

function phone(value: string | number, country = "GH"): string | null {
  const result = normalizePhone(value, country);
  return result.ok ? result.phone : null;
}

Deno.test("every way in which a Ghana number is written is the same number", () => {
  const ways = [
    "0244123456",
    "244123456",
    244123456,
    "233244123456",
    233244123456,
    "+233244123456",
    "00233244123456",
    "+233 (0)24 412 3456",
    "+2330244123456",
    "024-412-3456",
    "(024) 412.3456",
    " \u00a0024\u2009412\u200b 3456\ufeff",
    "\u202a+233244123456\u202c",
    "٠٢٤٤١٢٣٤٥٦",
    "۰۲۴۴۱۲۳۴۵۶",
    "'0244123456",
    "'+233244123456",
    '="0244123456"',
    "244123456.0",
    "tel:+233244123456",
  ];
  for (const way of ways) equal(phone(way), "+233244123456", `${way} must be understood`);
});

Deno.test("fixed lines and other countries' numbers with + or 00 are accepted", () => {
  equal(phone("0302123456"), "+233302123456");
  equal(phone(302123456), "+233302123456");
  equal(phone("+14155552671"), "+14155552671");
  equal(phone("0044 20 7946 0958"), "+442079460958");
  equal(phone("0803 123 4567", "NG"), "+2348031234567");
  equal(phone("(415) 555-2671", "US"), "+14155552671");
});

Deno.test("a zero that is part of the number is restored where the country has one", () => {
  equal(phone(669991234, "IT"), phone("06 6999 1234", "IT"));
});

Deno.test("of several numbers in one cell the first one counts", () => {
  for (const cell of ["0244123456/0201234567", "0244123456; 020", "0244123456\n0201234567"]) {
    equal(phone(cell), "+233244123456", cell);
  }
  equal(phone("0244 123456 or 0201234567"), "+233244123456");
  equal(phone("12/0244123456"), null, "a bad first number must be reported, not passed over");
});

Deno.test("what is no number of the country is refused", () => {
  const bad = ["12345", "02441234567", "0944123456x", "Kwame 0244123456", "14155552671", "n/a"];
  for (const value of [...bad, "a@b.co", "2024-05-01", "+0244123456", "=1+1", "9".repeat(5000)]) {
    equal(phone(value), null, `${value} must be refused`);
  }
  for (const value of [0, -244123456, 244123456.5, NaN, Infinity, 1e300]) {
    equal(phone(value), null, `${value} must be refused`);
  }
});

Deno.test("a number that the spreadsheet program shortened is refused with that reason", () => {
  const result = normalizePhone("2.33244E+11", "GH");
  equal(result.ok, false);
  equal(result.ok ? "" : /digits are lost/.test(result.message), true);
});

Deno.test("an empty cell is said to be missing, not wrong", () => {
  for (const value of ["", "  ", "\u200b", "-"]) {
    deepEqual(normalizePhone(value, "GH"), {
      ok: false,
      message: "The phone number is missing.",
    });
  }
});

Deno.test("a country that does not exist is the caller's mistake", () => {
  throws(() => normalizePhone("0244123456", "XX"), RangeError);
});
