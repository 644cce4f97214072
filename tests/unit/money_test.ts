import { equal, match } from "node:assert/strict";
import { parseMoney } from "../../supabase/functions/_shared/money.ts";

function amount(value: string | number, currency = "GHS"): string | null {
  const result = parseMoney(value, currency);
  return result.ok ? result.amount : null;
}

function reason(value: string | number): string {
  const result = parseMoney(value, "GHS");
  return result.ok ? "" : result.message;
}

Deno.test("an amount is read in every notation that has one reading", () => {
  const ways = [
    "1234.5",
    "1234.50",
    "1,234.50",
    "1.234,50",
    "1 234,50",
    "1 234.50",
    "1\u00a0234,50",
    "1\u202f234,50",
    "1'234.50",
    "1’234.50",
    "1234,5",
    "1234,50",
    "GHS 1,234.50",
    "1,234.50 GHS",
    "ghs1234.50",
    "GH₵1,234.50",
    "GH¢ 1,234.50",
    "₵1234.50",
    "GHC 1234.50",
    "GHS. 1234.50",
    "+1234.50",
    "001234.50",
    "1234.5000",
    "١٢٣٤٫٥٠",
    "١٬٢٣٤٫٥٠",
    "۱۲۳۴.۵۰",
    " 1,234.50\u200b ",
    "1,234.50 DR",
  ];
  for (const way of ways) equal(amount(way), "1234.50", `${way} must be understood`);
});

Deno.test("parentheses, a minus on either side and CR make a credit", () => {
  const ways = [
    "(1,234.50)",
    "GHS (1,234.50)",
    "(GHS 1,234.50)",
    "-1234.50",
    "GHS -1,234.50",
    "-GHS 1,234.50",
    "1,234.50-",
    "−1234.50",
    "1,234.50 CR",
    "1,234.50cr",
    "- 1 234,50",
  ];
  for (const way of ways) equal(amount(way), "-1234.50", `${way} must be a credit`);
});

Deno.test("whole and small amounts get two decimals", () => {
  equal(amount("1,234"), "1234.00");
  equal(amount("1.234.567"), "1234567.00");
  equal(amount("12,34,567.5"), "1234567.50");
  equal(amount(".5"), "0.50");
  equal(amount("0,05"), "0.05");
  equal(amount("7."), "7.00");
  equal(amount(7), "7.00");
});

Deno.test("blank and a dash are nothing owed, and zero has no sign", () => {
  for (const value of ["", " ", "-", "–", "GHS -", " - ", "0", "-0.00", "(0.00)", 0, -0]) {
    equal(amount(value), "0.00", `"${value}" must be 0.00`);
  }
});

Deno.test("noise of binary fractions is rounded away, real decimals are not", () => {
  equal(amount(0.1 + 0.2), "0.30");
  equal(amount(1234.4999999999998), "1234.50");
  equal(amount("1234.4999999999998"), "1234.50");
  equal(amount(-1.005e2), "-100.50");
  equal(amount(99999999.990000002), "99999999.99");
  equal(amount(1.005), null);
  equal(amount("12.345"), null);
  equal(amount("0.125"), null);
  match(reason(12.345), /more than two decimals/);
});

Deno.test("a text with two readings is refused with that reason", () => {
  match(reason("1.234"), /can mean thousands or decimals/);
  match(reason("12.500"), /can mean thousands or decimals/);
});

Deno.test("another currency is refused by name", () => {
  match(reason("USD 5"), /in USD.*currency is GHS/);
  match(reason("5 EUR"), /in EUR/);
  match(reason("$5"), /in \$/);
  match(reason("US$5"), /in US\$/);
  equal(amount("$5", "USD"), "5.00");
  equal(amount("₦5", "NGN"), "5.00");
  equal(amount("KSh 1,500", "KES"), "1500.00");
});

Deno.test("amounts stay within what the column can hold", () => {
  equal(amount("999,999,999,999.99"), "999999999999.99");
  equal(amount(-999999999999.99), "-999999999999.99");
  for (const value of ["1000000000000", 1e12, 1e300, -1e12, "9".repeat(50)]) {
    match(reason(value), /too large/, String(value));
  }
});

Deno.test("what is no amount is refused", () => {
  const bad = [
    "abc",
    "1,23,4",
    "1.2.3",
    "12-05",
    "2024-05-01",
    "01/05/2024",
    "5%",
    "1,234.50.00",
    "--5",
    "(-5)",
    "5 5",
    "GHS",
    "1e5",
    "1.5E+03",
    "()",
    "-(5)",
    "0244123456/020",
    "=1+1",
    "9".repeat(5000),
    "n/a",
  ];
  for (const value of bad) equal(amount(value), null, `${value} must be refused`);
  for (const value of [NaN, Infinity, -Infinity]) equal(amount(value), null);
});
