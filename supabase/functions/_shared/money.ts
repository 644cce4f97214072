import { cleanText, westernDigits } from "./clean_text.ts";

/** An amount as `numeric(14,2)` text ("-1234.50"), or an error message. */
export type MoneyResult = { ok: true; amount: string } | { ok: false; message: string };

const NOT_AN_AMOUNT = "This is not an amount of money. Write it like 1234.50.";
const TOO_PRECISE = "The amount has more than two decimals. Round it to two.";
const TOO_LARGE = "The amount is too large: at most 999999999999.99 can be stored.";
const TWO_READINGS =
  "The point can mean thousands or decimals here. Write it like 1234.00 or 1.23.";
const MINUS = /[\u2010-\u2015\u2212\ufe63\uff0d]/g;
const CODE = /[\p{Sc}\p{L}][\p{Sc}\p{L}.]*/u;
const DASH = /^-+$/;
const EXTRA_NAMES: Record<string, string[]> = {
  GHS: ["GH₵", "GH¢", "GHC", "₵", "¢", "C", "GH", "CEDI", "CEDIS"],
  NGN: ["₦", "N", "NAIRA"],
  KES: ["KSH", "KSHS", "SH"],
  ZAR: ["R"],
  INR: ["₹", "RS"],
};
// The unambiguous patterns of digits, each with its decimal separator.
const SHAPES: [RegExp, "." | ","][] = [
  [/^\d+(?:\.\d*)?$|^\.\d+$/, "."],
  [/^\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?$/, "."],
  [/^\d{1,3}(?:[ '’]\d{3})+(?:\.\d*)?$/, "."],
  [/^\d+,\d{1,2}$/, ","],
  [/^\d{1,3}(?:[. '’]\d{3})+,\d{1,2}$/, ","],
  [/^\d{1,3}(?:\.\d{3}){2,}$/, ","],
];

function bad(message: string): MoneyResult {
  return { ok: false, message };
}

function symbol(
  currency: string,
  currencyDisplay: "symbol" | "narrowSymbol",
  locale = "en",
): string {
  const parts = new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay })
    .formatToParts(0);
  return parts.find((part) => part.type === "currency")?.value ?? currency;
}

const namesOf = new Map<string, Set<string>>();

/** The codes, symbols and words for a currency (ISO 4217), in upper case. */
export function currencyNames(currency: string): Set<string> {
  const known = namesOf.get(currency);
  if (known) return known;
  // Outside the United States the symbol of its dollar is US$, and likewise for other currencies.
  const names = [
    currency,
    symbol(currency, "symbol"),
    symbol(currency, "symbol", "en-001"),
    symbol(currency, "narrowSymbol"),
  ];
  const set = new Set([...names, ...(EXTRA_NAMES[currency] ?? [])].map((n) => n.toUpperCase()));
  namesOf.set(currency, set);
  return set;
}

/** An amount from digits and sign; noise of binary fractions (1234.4999999999998) is rounded. */
function fromDecimal(digits: string, negative: boolean): MoneyResult {
  const [whole = "", fraction = ""] = digits.split(".");
  const units = whole.replace(/^0+(?=\d)/, "") || "0";
  const decimals = fraction.replace(/0+$/, "");
  if (decimals.length > 2) return fromNumber(Number(digits) * (negative ? -1 : 1));
  if (units.length > 12) return bad(TOO_LARGE);
  const amount = `${units}.${decimals.padEnd(2, "0")}`;
  return { ok: true, amount: negative && amount !== "0.00" ? `-${amount}` : amount };
}

function fromNumber(value: number): MoneyResult {
  if (!Number.isFinite(value)) return bad(NOT_AN_AMOUNT);
  const size = Math.abs(value);
  if (size >= 1e12) return bad(TOO_LARGE);
  const rounded = Math.round(size * 100) / 100;
  const noise = Math.min(0.001, Math.max(1e-7, size * 1e-14));
  if (Math.abs(size - rounded) > noise) return bad(TOO_PRECISE);
  return rounded >= 1e12 ? bad(TOO_LARGE) : fromDecimal(rounded.toFixed(2), value < 0);
}

let currencies: Set<string> | undefined;

/** Whether a text is the code of a currency (ISO 4217). */
export function isCurrencyCode(text: string): boolean {
  currencies ??= new Set(Intl.supportedValuesOf("currency"));
  return currencies.has(text);
}

function wrongName(name: string, currency: string): string {
  const foreign = /\p{Sc}/u.test(name) || isCurrencyCode(name);
  return foreign
    ? `The amount is in ${name}, but this organization's currency is ${currency}.`
    : NOT_AN_AMOUNT;
}

/** Removes the marks of a negative amount: a sign, parentheses, CR (a credit; DR is a debt). */
function takeSign(text: string): { text: string; negatives: number } {
  let negatives = 0;
  let rest = text.replace(/^([^()]*)\(([^()]*)\)([^()]*)$/, (_, before, inside, after) => {
    negatives++;
    return `${before}${inside}${after}`;
  });
  rest = rest.replace(/(?<=\d)\s*(CR|DR)\.?$/, (_, mark) => {
    if (mark === "CR") negatives++;
    return "";
  });
  rest = rest.replaceAll("-", () => {
    negatives++;
    return "";
  });
  return { text: rest.replace(/^(\D*)\+/, "$1").trim(), negatives };
}

function fromText(text: string, currency: string): MoneyResult {
  const upper = text.toUpperCase();
  const { text: unsigned, negatives } = takeSign(upper);
  const name = CODE.exec(unsigned)?.[0].replace(/\.$/, "") ?? "";
  if (name && !currencyNames(currency).has(name)) return bad(wrongName(name, currency));
  const digits = name ? unsigned.replace(CODE, "").trim() : unsigned;
  // Accounting formats print zero as a dash, with or without the currency: "GHS -".
  if (digits === "") return DASH.test(upper.replace(CODE, "").trim()) ? zero() : bad(NOT_AN_AMOUNT);
  const minusInside = /\d-+[\d.,]/.test(upper);
  if (negatives > 1 || minusInside) return bad(NOT_AN_AMOUNT);
  if (/^[1-9]\d{0,2}\.\d{3}$/.test(digits)) return bad(TWO_READINGS);
  const shape = SHAPES.find(([pattern]) => pattern.test(digits));
  if (!shape) return bad(NOT_AN_AMOUNT);
  const bare = digits.replace(shape[1] === "." ? /[ ,'’]/g : /[ .'’]/g, "").replace(",", ".");
  return fromDecimal(bare, negatives === 1);
}

function zero(): MoneyResult {
  return { ok: true, amount: "0.00" };
}

/**
 * Reads an amount owed as offices write it: `GHS 1,234.50`, `1.234,50`, `1 234,50`, `₵1234`,
 * `(1,234.50)`, `1,234.50-` and `1,234.50 CR` (the last three are credits: −1234.50). Blank and
 * a dash are 0.00. Other currencies than `currency` (ISO 4217), more than two decimals and
 * amounts beyond `numeric(14,2)` are refused.
 */
export function parseMoney(value: string | number, currency: string): MoneyResult {
  if (typeof value === "number") return fromNumber(value);
  const clean = westernDigits(cleanText(value)).replace(MINUS, "-")
    .replaceAll("\u066b", ".").replaceAll("\u066c", ",")
    // The East African way of writing whole shillings: 1,000/= and 1,000/-.
    .replace(/(?<=\d)\s*\/[=-]$/, "");
  if (clean === "") return zero();
  if (clean.length > 60) return bad(NOT_AN_AMOUNT);
  return fromText(clean, currency.toUpperCase());
}
