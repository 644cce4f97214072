import { currencyNames, isCurrencyCode } from "../money.ts";

/** The key by which column names are compared: without case, accents, spaces and punctuation. */
export function headerKey(text: string): string {
  return text.slice(0, 100).normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

const IN_BRACKETS = /\s*[([{]\s*([^()[\]{}]*?)\s*[)\]}]\s*$/;
const LAST_WORD = /[\s,:/-]+(\S+)$/;
const DATE =
  /^(?:as (?:at|of|on) )?[\p{L}]{0,9}[\s.,/-]*\d[\d\s.,/-]*(?:[\p{L}]{3,9}[\s.,/-]*\d*)?$/u;

/** Whether a text is a unit and no part of a column's name: a currency, or a date or number. */
function isUnit(text: string, currency: string): boolean {
  const word = text.replace(/^(?:in|all in)\s+/i, "").toUpperCase();
  return word === "" || isCurrencyCode(word) || currencyNames(currency).has(word) ||
    DATE.test(text);
}

/**
 * The keys of a column name, the whole name first: `Amount Owed (GHS)`, `Balance GH₵` and
 * `Arrears (30/11/2026)` are also `amountowed`, `balance` and `arrears`, `Phone 1` is also `phone`.
 */
export function headerKeys(name: string, currency: string): string[] {
  const keys = [headerKey(name)];
  const inBrackets = IN_BRACKETS.exec(name);
  if (inBrackets && isUnit(inBrackets[1] ?? "", currency)) {
    keys.push(headerKey(name.slice(0, inBrackets.index)));
  }
  const lastWord = LAST_WORD.exec(name);
  if (lastWord && (isUnit(lastWord[1] ?? "", currency))) {
    keys.push(headerKey(name.slice(0, lastWord.index)));
  }
  return keys.filter((key) => key !== "");
}
