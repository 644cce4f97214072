/** The key by which column names are compared: without case, accents, spaces and punctuation. */
export function headerKey(text: string): string {
  return text.slice(0, 100).normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}
