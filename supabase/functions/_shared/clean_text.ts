// Invisible format characters: soft hyphen, zero-width space, word joiner, byte order mark, and
// the marks and overrides of writing direction. The joiners U+200C and U+200D stay inside words,
// where Persian and Indic spelling needs them.
const INVISIBLE =
  /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;
// deno-lint-ignore no-control-regex -- matches the control characters to remove
const BLANKS = /[\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/g;
const EDGE_JOINERS = /^[\u200c\u200d\s]+|[\u200c\u200d\s]+$/g;
const PLAIN = /^[\x21-\x7e]*(?: [\x21-\x7e]+)*$/;
const ARABIC_DIGITS = /[\u0660-\u0669\u06f0-\u06f9]/g;

/**
 * One line of visible text: NFC, no invisible characters, every run of white space (no-break
 * spaces, tabs and line breaks too) replaced by one space, none at the ends.
 */
export function cleanText(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.toWellFormed().normalize("NFC").replace(INVISIBLE, "").replace(BLANKS, " ")
    .replace(EDGE_JOINERS, "");
}

/** The text with Arabic-Indic and Persian digits written as 0–9. */
export function westernDigits(text: string): string {
  return text.replace(ARABIC_DIGITS, (digit) => String(digit.charCodeAt(0) & 0xf));
}
