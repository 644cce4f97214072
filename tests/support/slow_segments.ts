/*
 * Segments as 3GPP TS 23.038 and 23.040 describe them, septet by septet: written from the tables (GSM0338.TXT of
 * unicode.org), without a look at how the product counts.
 */

const rows = [
  "@£$¥èéùìòÇ\nØø\rÅå",
  "Δ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ",
  " !\"#¤%&'()*+,-./",
  "0123456789:;<=>?",
  "¡ABCDEFGHIJKLMNO",
  "PQRSTUVWXYZÄÖÑÜ§",
  "¿abcdefghijklmno",
  "pqrstuvwxyzäöñüà",
];
const escape = 0x1b;
const septets = new Map<string, number[]>();
rows.forEach((row, high) =>
  [...row].forEach((character, low) => {
    const code = high * 16 + low;
    if (code !== escape) septets.set(character, [code]);
  })
);
const behindEscape: [number, string][] = [
  [0x0a, "\f"],
  [0x14, "^"],
  [0x28, "{"],
  [0x29, "}"],
  [0x2f, "\\"],
  [0x3c, "["],
  [0x3d, "~"],
  [0x3e, "]"],
  [0x40, "|"],
  [0x65, "€"],
];
for (const [code, character] of behindEscape) septets.set(character, [escape, code]);

/** Puts what must stay together into parts, one unit after the other. */
function partsOf(together: number[][], alone: number, joined: number): number[][] {
  const whole = together.flat();
  if (whole.length <= alone) return [whole];
  const parts: number[][] = [[]];
  for (const units of together) {
    const last = parts[parts.length - 1] ?? [];
    if (last.length + units.length > joined) parts.push([...units]);
    else last.push(...units);
  }
  return parts;
}

/** The parts of a text on the air. 140 octets are 160 septets or 70 units; a header takes 6 of them. */
export function slowSegments(text: string): { encoding: "GSM-7" | "UCS-2"; segments: number } {
  const characters = [...text];
  const codes = characters.map((character) => septets.get(character));
  if (codes.every((code) => code !== undefined)) {
    const parts = partsOf(codes as number[][], 140 * 8 / 7, Math.floor((140 - 6) * 8 / 7));
    return { encoding: "GSM-7", segments: parts.length };
  }
  const units = characters.map((character) =>
    Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
  );
  return { encoding: "UCS-2", segments: partsOf(units, 140 / 2, (140 - 6) / 2).length };
}
