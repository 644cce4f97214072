import { type Line, lineOf } from "./bidi.ts";
import type { EmbeddedFont } from "./pdfkit.ts";

/** Text as a page has it: operands of `TJ`, cut where letters stand higher or lower. In thousandths of the font's size. */
interface Encoded {
  parts: { rise: number; operands: string }[];
  width: number;
}

/** A line in the order in which it is drawn. */
export interface LaidOut extends Encoded {
  rightToLeft: boolean;
}

/**
 * Letters, digits and signs that are drawn one after another: no joining, no marks, nothing from right to left. Latin with
 * the African letters, Greek, Cyrillic, punctuation, currencies.
 */
const simple =
  /^[ -~\u00a0-\u00ac\u00ae-\u02af\u0370-\u0482\u048a-\u052f\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf]*$/;
/** A text in pieces that are shaped each for itself: words, and what separates them. */
const pieces = / +|[^ ]+/g;

/** Longer texts are seldom repeated. */
const longestKept = 60;
/** Characters of a word that is shaped to measure it. */
const longestMeasured = 60;

/** A font of a document. Shaping is dear, so what was shaped once is kept. Widths are in thousandths of the font's size. */
export class Face {
  /** By UTF-16 unit, for simple letters. */
  readonly #letters: { code: string; width: number }[] = [];
  readonly #shaped = new Map<string, Encoded>();
  readonly #lines = new Map<string, LaidOut>();

  constructor(readonly font: EmbeddedFont) {}

  /** The width of a text on one line. */
  width(text: string): number {
    let sum = 0;
    if (simple.test(text)) {
      for (let at = 0; at < text.length; at++) sum += this.#letter(text, at).width;
      return sum;
    }
    for (const piece of text.match(pieces) ?? []) {
      sum += piece.length > longestMeasured ? this.roughWidth(piece) : this.line(piece).width;
    }
    return sum;
  }

  /** The sum of the widths of the letters: those that join are narrower. */
  roughWidth(text: string): number {
    let sum = 0;
    for (const char of text) sum += this.#encode(char).width;
    return sum;
  }

  /** A text on one line. */
  line(text: string): LaidOut {
    if (simple.test(text)) return { ...this.#simple(text), rightToLeft: false };
    const known = this.#lines.get(text);
    if (known !== undefined) return known;
    const laidOut = this.#inOrder(lineOf(text));
    if (text.length <= longestKept) this.#lines.set(text, laidOut);
    return laidOut;
  }

  #inOrder({ runs, rightToLeft }: Line): LaidOut {
    const parts: Encoded["parts"] = [];
    let width = 0;
    for (const run of runs) {
      const encoded = this.#encode(run);
      parts.push(...encoded.parts);
      width += encoded.width;
    }
    return { parts, width, rightToLeft };
  }

  #encode(text: string): Encoded {
    if (simple.test(text)) return this.#simple(text);
    const known = this.#shaped.get(text);
    if (known !== undefined) return known;
    const shaped = this.#shape(text);
    this.#shaped.set(text, shaped);
    return shaped;
  }

  #letter(text: string, at: number): { code: string; width: number } {
    const unit = text.charCodeAt(at);
    const known = this.#letters[unit];
    if (known !== undefined) return known;
    const [[code = ""], [position]] = this.font.encode(text.charAt(at), []);
    return this.#letters[unit] = { code, width: position?.advanceWidth ?? 0 };
  }

  #simple(text: string): Encoded {
    let codes = "";
    let width = 0;
    for (let at = 0; at < text.length; at++) {
      const letter = this.#letter(text, at);
      codes += letter.code;
      width += letter.width;
    }
    return { parts: [{ rise: 0, operands: `<${codes}>` }], width };
  }

  /** What the font's tables say of joins and of marks: forms, offsets and distances. */
  #shape(text: string): Encoded {
    const [codes, positions] = this.font.encode(text, []);
    const parts: Encoded["parts"] = [];
    let [width, move] = [0, 0];
    positions.forEach(({ xAdvance, xOffset, yOffset, advanceWidth }, at) => {
      let part = parts.at(-1);
      if (part?.rise !== yOffset) parts.push(part = { rise: yOffset, operands: "" });
      move += xOffset;
      if (Math.abs(move) >= 0.5) part.operands += ` ${-Math.round(move)}`;
      part.operands += `<${codes[at]}>`;
      move = xAdvance - advanceWidth - xOffset;
      width += xAdvance;
    });
    const last = parts.at(-1);
    if (last && Math.abs(move) >= 0.5) last.operands += ` ${-Math.round(move)}`;
    return { parts, width };
  }
}

/** The operators that draw a line in a font of this size. */
export function operators({ parts }: LaidOut, size: number): string {
  let [text, operands, rise] = ["", "", 0];
  for (const part of parts) {
    if (part.rise !== rise) {
      if (operands !== "") text += `[${operands}] TJ `;
      text += `${Math.round(part.rise * size) / 1_000} Ts `;
      [operands, rise] = ["", part.rise];
    }
    operands += part.operands;
  }
  text += `[${operands}] TJ`;
  return rise === 0 ? text : `${text} 0 Ts`;
}
