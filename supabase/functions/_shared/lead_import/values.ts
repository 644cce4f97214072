import { westernDigits } from "../clean_text.ts";
import type { LeadFieldTerm } from "./terms.ts";

/** The value of a cell, or an error message. */
export type Read<T> = { value: T } | { message: string };

const YES = new Set([
  "yes",
  "y",
  "true",
  "1",
  "x",
  "on",
  "ok",
  "oui",
  "ja",
  "si",
  "granted",
  "agreed",
]);
const NO = new Set([
  "no",
  "n",
  "false",
  "0",
  "off",
  "non",
  "nein",
  "none",
  "-",
  "denied",
  "refused",
]);
const MONTH_FIRST = new Set(["US", "PH", "FM", "PW", "MH"]);

export function readBoolean(text: string): Read<boolean> {
  const word = text.toLowerCase();
  if (YES.has(word)) return { value: true };
  if (NO.has(word)) return { value: false };
  return { message: "This is neither yes nor no." };
}

export function readNumber(text: string): Read<number> {
  const digits = westernDigits(text).replace(/[ '’]/g, "");
  const plain = /^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(digits)
    ? digits.replaceAll(",", "")
    : digits.replace(/^(-?\d+),(\d+)$/, "$1.$2");
  if (!/^-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,2})?$/i.test(plain)) {
    return { message: "This is not a number." };
  }
  const value = Number(plain);
  return Math.abs(value) < 1e15 ? { value } : { message: "This number is too large." };
}

/** A date as YYYY-MM-DD. For 3/4/2026 the country decides which part is the month. */
export function readDate(text: string, country: string): Read<string> {
  const clean = westernDigits(text);
  const iso = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?$/.exec(clean);
  const local = /^(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4})(?:[T ].*)?$/.exec(clean);
  let parts: [number, number, number] | null = null;
  if (iso) parts = [Number(iso[1]), Number(iso[2]), Number(iso[3])];
  else if (local) {
    const [first, second, year] = [Number(local[1]), Number(local[3]), Number(local[4])];
    const monthFirst = second > 12 ||
      (first <= 12 && local[2] === "/" && MONTH_FIRST.has(country));
    parts = monthFirst ? [year, first, second] : [year, second, first];
  }
  if (parts === null) return { message: "This is not a date. Write it like 2026-11-21." };
  const [year, month, day] = parts;
  const date = new Date(Date.UTC(year, month - 1, day));
  if (year < 1000 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) {
    return { message: "This date does not exist." };
  }
  return { value: date.toISOString().slice(0, 10) };
}

/** A past timestamp in PostgreSQL's syntax; without an offset it is local time of `timeZone`. mayBeToCome: any timestamp. */
export function readTimestamp(
  text: string,
  country: string,
  timeZone: string,
  { mayBeToCome = false } = {},
): Read<string> {
  const day = readDate(text, country);
  if ("message" in day) return day;
  const time =
    /[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?\s*([AaPp][Mm])?$/
      .exec(text);
  if (/[T ]/.test(text) && time === null) return { message: "The time cannot be read." };
  const [hour, minute, second] = [Number(time?.[1] ?? 0), time?.[2] ?? "00", time?.[3] ?? "00"];
  const late = time?.[5]?.toLowerCase();
  const clock = late === undefined ? hour : hour % 12 + (late === "pm" ? 12 : 0);
  if (clock > 23 || Number(minute) > 59 || Number(second) > 59) {
    return { message: "This time does not exist." };
  }
  // Tolerates the difference between time zones.
  if (!mayBeToCome && Date.parse(`${day.value}T00:00:00Z`) > Date.now() + 86_400_000) {
    return { message: "A consent cannot have been given in the future." };
  }
  const zone = time?.[4] ?? ` ${timeZone}`;
  return { value: `${day.value} ${String(clock).padStart(2, "0")}:${minute}:${second}${zone}` };
}

function choiceOf(text: string, choices: readonly string[]): string | undefined {
  return choices.find((choice) => choice === text) ??
    choices.find((choice) => choice.toLowerCase() === text.toLowerCase());
}

/** The value of a custom field. */
export function readCustom(
  text: string,
  { type, choices }: LeadFieldTerm,
  country: string,
): Read<string | number | boolean | string[]> {
  switch (type) {
    case "text":
      return text.length > 5_000
        ? { message: "This is longer than 5000 characters." }
        : { value: text };
    case "number":
      return readNumber(text);
    case "boolean":
      return readBoolean(text);
    case "date":
      return readDate(text, country);
    case "choice": {
      const choice = choiceOf(text, choices);
      return choice === undefined
        ? { message: `This must be one of: ${choices.join(", ").slice(0, 200)}.` }
        : { value: choice };
    }
    case "choices": {
      const parts = text.split(/[,;|]/).map((part) => part.trim()).filter((part) => part !== "");
      const found = parts.map((part) => choiceOf(part, choices));
      const chosen = found.filter((choice) => choice !== undefined);
      return chosen.length < parts.length
        ? { message: `These must be among: ${choices.join(", ").slice(0, 200)}.` }
        : { value: [...new Set(chosen)] };
    }
  }
}

const GROUPS = new Set(["EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"]);
const aliases: Record<string, string> = { usa: "US", uae: "AE", ivorycoast: "CI" };
let countries: Map<string, string> | undefined;

const nameKey = (name: string) => name.normalize("NFKD").toLowerCase().replace(/[^a-z]/g, "");

function countryNames(): Map<string, string> {
  if (countries) return countries;
  const names = new Intl.DisplayNames("en", { type: "region", fallback: "none" });
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  countries = new Map(Object.entries(aliases));
  for (const first of letters) {
    for (const second of letters) {
      // Aliases such as UK and former country codes become the current code.
      const code = new Intl.Locale(`und-${first}${second}`).region ?? "";
      const name = names.of(first + second);
      // Groupings and private-use codes have names too, but are no countries.
      if (name === undefined || GROUPS.has(code)) continue;
      countries.set((first + second).toLowerCase(), code);
      if (!countries.has(nameKey(name))) countries.set(nameKey(name), code);
    }
  }
  return countries;
}

/** A country by its ISO 3166-1 code or its English name. */
export function readCountry(text: string): Read<string> {
  const code = countryNames().get(nameKey(text));
  return code === undefined
    ? { message: "This is not a country. Write its code, such as GH, or its English name." }
    : { value: code };
}

const zones = new Map<string, boolean>();

/** A name in any case; the database stores it as it is written. */
export function readTimeZone(text: string): Read<string> {
  let known = zones.get(text);
  if (known === undefined) {
    known = /^(?:UTC|[A-Z_]+(?:\/[A-Z0-9_+-]+)+)$/i.test(text);
    try {
      if (known) new Intl.DateTimeFormat("en", { timeZone: text });
    } catch {
      known = false;
    }
    if (zones.size < 1_000) zones.set(text, known);
  }
  return known
    ? { value: text }
    : { message: "This is not a time zone. Write it like Africa/Accra." };
}
