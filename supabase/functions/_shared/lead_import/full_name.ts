// Generations, degrees and titles that follow a name.
const SUFFIX =
  /^(?:jr|sr|ii|iii|iv|esq|mba|ph\.?\s?d|m\.?d|m\.?sc|b\.?sc|m\.?a|b\.?a|m\.?phil|ll\.?[bm]|cpa|acca|rn|pe)\.?$/i;
// Without a comma only suffixes that are no surnames.
const CLEAR_SUFFIX = /^(?:jr|sr|ii|iii|iv|esq|mba|ph\.?d|acca|cpa)\.?$/i;

/**
 * First and last name from a full name: `Ama Serwaa Mensah`, `Mensah, Ama` or `Smith, John, Jr.`. A
 * suffix such as Jr. or MBA stays with the last name.
 */
export function splitFullName(text: string): { first: string; last: string } {
  const parts = text.split(/\s*,\s*/).filter((part) => part !== "");
  const suffixes: string[] = [];
  while (parts.length > 1 && SUFFIX.test(parts.at(-1) ?? "")) suffixes.unshift(parts.pop() ?? "");
  const [family = "", ...given] = parts;
  if (given.length > 0) return { first: given.join(" "), last: [family, ...suffixes].join(" ") };
  const words = family.split(" ");
  while (words.length > 2 && CLEAR_SUFFIX.test(words.at(-1) ?? "")) {
    suffixes.unshift(words.pop() ?? "");
  }
  const last = words.length > 1 ? words.pop() ?? "" : "";
  return { first: words.join(" "), last: [last, ...suffixes].filter((part) => part).join(" ") };
}
