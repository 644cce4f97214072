import { microsOf } from "./legacy_id.ts";

/** An opt-out as it is kept here. */
export interface OptOut {
  id: string;
  scope: string;
  at: string;
}

/**
 * The digits of everybody who opted out of the old service. An opt-out without a country code may be read as a number of
 * another country than the contact it belongs to; the last nine digits connect the two.
 */
export interface OptOutDigits {
  /** Remembers an opt-out by a number as it is written; false: nobody can be recognized by this text. */
  add(number: string, optOut: OptOut): boolean;
  /** The latest opt-out of each scope whose number ends in the same nine digits. */
  find(phone: string): OptOut[];
}

const COMPARED = 9;
const LONGEST = 15;
const SEPARATORS = /[\r\n;,|&/]|\b(?:or|and)\b/i;
/** Digits with what people write between and around them; a word, a date or a second number makes it something else. */
const NUMBER = /^(?:\+|00)?[\d\s().\-\u2010-\u2015\u00a0]+$/;

/** The numbers in a cell, which may hold several. */
export const numbersIn = (text: string): string[] =>
  text.split(SEPARATORS).map((number) => number.trim()).filter((number) => number !== "");

const lastDigits = (text: string): string | null => {
  const number = text.trim().replace(/(?<=\d)\.0+$/, "");
  const digits = number.replace(/\D/g, "");
  return NUMBER.test(number) && digits.length >= COMPARED && digits.length <= LONGEST
    ? digits.slice(-COMPARED)
    : null;
};

/** An empty set. */
export function optOutDigits(): OptOutDigits {
  const known = new Map<string, OptOut[]>();
  return {
    add(number, optOut) {
      const digits = lastDigits(number);
      if (digits === null) return false;
      const others = known.get(digits) ?? [];
      const same = others.find(({ scope }) => scope === optOut.scope);
      if (same === undefined || microsOf(same.at) < microsOf(optOut.at)) {
        known.set(digits, [...others.filter((other) => other !== same), optOut]);
      }
      return true;
    },
    find(phone) {
      const digits = lastDigits(phone);
      return digits === null ? [] : known.get(digits) ?? [];
    },
  };
}
