import type { CountryCode } from "libphonenumber-js";
import { meansNothing } from "./cell.ts";
import { cleanText, westernDigits } from "./clean_text.ts";

let library: typeof import("libphonenumber-js") | undefined;

/**
 * Loads the numbering plans of all countries, once. They would be a quarter of a cold start, so functions pass this
 * as `ready` and only the first authenticated request waits for it.
 */
export async function loadPhoneNumbers(): Promise<void> {
  library ??= await import("libphonenumber-js");
}

function numberingPlans(): typeof import("libphonenumber-js") {
  if (library === undefined) throw new Error("loadPhoneNumbers was not awaited.");
  return library;
}

/** A phone number in E.164, or an error message. */
export type PhoneResult = { ok: true; phone: string } | { ok: false; message: string };

const SEPARATORS = /\s*(?:[/;,|&]|\bor\b)\s*/i;
// Marks by which spreadsheet programs keep text in CSV files: '024… and ="024…".
const TEXT_MARKS = /^(?:'|=?"(?=.*"$))|"$/g;
// "p:" precedes numbers in the downloads of Meta's lead ads.
const LABEL =
  /^(?:tel(?:ephone)?|ph?(?:one)?|mob(?:ile)?|cell|call|whats ?app|wa|home|work|office|main)\s?[.:]+\s*/i;
// Whose number it is: 0244100113 (wife).
const REMARK = /\s*\([^()\d]*\p{L}[^()\d]*\)\s*/gu;
// "(+233) 24…".
const CODE_IN_PARENTHESES = /^\(\s*(\+\s*\d{1,3})\s*\)/;
// How North America dials other countries.
const NORTH_AMERICAN_EXIT = /^011[\s.-]*(?=[1-9])/;
const EXPONENT = /^\d(?:[.,]\d+)?E\+?\d+$/i;

function bad(message: string): PhoneResult {
  return { ok: false, message };
}

function parse(text: string, country: CountryCode): string | null {
  const parsed = numberingPlans().parsePhoneNumberFromString(text, {
    defaultCountry: country,
    extract: false,
  });
  return parsed?.isValid() ? parsed.number : null;
}

function fromDigits(value: number, country: CountryCode): string | null {
  const digits = String(value);
  // A number cell has lost its leading zeros. In some countries (Italy) the zero is part of the
  // number and not a prefix, so both are tried.
  return parse(digits, country) ?? parse(`0${digits}`, country);
}

function fromText(text: string, country: CountryCode): string | null {
  if (/^0?[1-9]\d+$/.test(text)) return parse(text, country);
  const first = text.split(SEPARATORS, 1)[0] ?? "";
  const number = first.replace(CODE_IN_PARENTHESES, "$1 ")
    .replace(/^\(?00\)?(?=[\s\d(])/, "+").replace(/(?<=\d)\.0$/, "");
  const isNorthAmerican = numberingPlans().getCountryCallingCode(country) === "1";
  return parse(isNorthAmerican ? number.replace(NORTH_AMERICAN_EXIT, "+") : number, country);
}

function isCountry(code: string): code is CountryCode {
  return numberingPlans().isSupportedCountry(code);
}

/**
 * Parses a phone number as people and spreadsheets write it. A number without `+` or `00` belongs
 * to `country` (ISO 3166 alpha-2), with or without its calling code and leading zero: in Ghana
 * 0244123456, 244123456 (also as a number) and 233244123456 are all +233244123456. Of several
 * numbers in one cell the first counts. A number of another country needs `+` or `00`: a guess
 * could send a customer's debt to a stranger. `loadPhoneNumbers` must have been awaited.
 */
export function normalizePhone(value: string | number, country: string): PhoneResult {
  const home = country.toUpperCase();
  if (!isCountry(home)) throw new RangeError(`unknown country: ${country}`);
  if (typeof value === "number") {
    const phone = Number.isSafeInteger(value) && value > 0 ? fromDigits(value, home) : null;
    return phone ? { ok: true, phone } : bad(notValid(home));
  }
  const firstLine = value.trim().split(/[\r\n]/, 1)[0] ?? "";
  const text = westernDigits(cleanText(firstLine)).replace(TEXT_MARKS, "")
    .replace(REMARK, " ").trim().replace(LABEL, "").trim();
  if (text === "" || meansNothing(text)) return bad("The phone number is missing.");
  if (EXPONENT.test(text)) {
    return bad(
      "The spreadsheet program shortened this number and its digits are lost. " +
        "Format the column as text, enter the number again and save the file.",
    );
  }
  if (text.length > 100) return bad("This is too long for a phone number.");
  const phone = fromText(text, home);
  return phone ? { ok: true, phone } : bad(notValid(home));
}

function notValid(country: string): string {
  return `This is not a phone number of ${country}. ` +
    "A number of another country must start with + and its country code.";
}
