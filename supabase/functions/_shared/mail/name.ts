import { cleanText } from "../clean_text.ts";
import { oneLine } from "./provider.ts";

const removed: RegExp[] = [
  // What mail programs turn into links: addresses with a scheme, web and mail addresses, telephone numbers.
  /\b[a-z][a-z0-9+.-]*:\/\/\S*/gi,
  /\bwww\.\S*/gi,
  /[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+/gu,
  /\+?\d[\d\s().-]{5,}\d/g,
  // The dots of a domain, also the full-width ones that browsers accept.
  /(?<=[\p{L}\p{N}])[.\u3002\uff0e\uff61](?=[\p{L}\p{N}])/gu,
  // Quotation marks and what could end the sentence around the name; apostrophes inside a word stay.
  /["`\u00ab\u00bb\u201c-\u201f\u2039\u203a<>()[\]{}\\/|:;!?*]/g,
  /(?<!\p{L})['\u2018\u2019\u201b]|['\u2018\u2019\u201b](?!\p{L})/gu,
];

/**
 * A name that somebody chose, for a mail that may go to strangers: one line of at most 80 characters without links and
 * quotation marks.
 * @returns undefined if nothing is left
 */
export function nameInMail(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const text = removed.reduce((rest, part) => rest.replace(part, " "), cleanText(value));
  return oneLine(text, 80) || undefined;
}
