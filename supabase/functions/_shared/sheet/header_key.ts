/** What tells column names apart: neither case nor accents, spaces and punctuation do. */
export function headerKey(text: string): string {
  return text.slice(0, 100).normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}
