/** The 127 characters of GSM 03.38's basic alphabet that cost one septet (ESC is not a character). */
export const GSM7_BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/** The characters of GSM 03.38's extension table; each costs two septets (ESC and its code). */
export const GSM7_EXTENSION = "\f^{}\\[~]|€";

/** The encoding of a text, its number of segments and its length in that encoding. */
export interface SegmentCount {
  encoding: "GSM-7" | "UCS-2";
  /** At least 1, also for an empty text. */
  segments: number;
  /** Septets for GSM-7, 16-bit code units for UCS-2, without the padding at part borders. */
  units: number;
}

/**
 * Counts the SMS segments of a text: 160 septets or 70 code units alone, 153 or 67 per part when
 * concatenated (6 octets of 140 go to the header). An escape pair or a surrogate pair is never
 * split, so a part can stay one unit short. Source: 3GPP TS 23.038 and 23.040.
 */
export function countSegments(text: string): SegmentCount {
  const characters = Array.from(text);
  const gsm = characters.every((c) => GSM7_BASIC.includes(c) || GSM7_EXTENSION.includes(c));
  const widths = characters.map((c) => gsm ? (GSM7_EXTENSION.includes(c) ? 2 : 1) : c.length);
  const units = widths.reduce((sum, width) => sum + width, 0);
  const [single, part] = gsm ? [160, 153] : [70, 67];
  return {
    encoding: gsm ? "GSM-7" : "UCS-2",
    segments: units <= single ? 1 : countParts(widths, part),
    units,
  };
}

/** The first ten different characters that make a text UCS-2. */
export function ucs2Characters(text: string): string[] {
  const others = Array.from(text).filter((c) =>
    !GSM7_BASIC.includes(c) && !GSM7_EXTENSION.includes(c)
  );
  return [...new Set(others)].slice(0, 10);
}

function countParts(widths: number[], partSize: number): number {
  let parts = 1;
  let used = 0;
  for (const width of widths) {
    if (used + width > partSize) {
      parts += 1;
      used = 0;
    }
    used += width;
  }
  return parts;
}
