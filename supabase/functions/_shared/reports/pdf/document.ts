import { type Line, lineOf } from "./bidi.ts";
import { newPdf, type Pdf, plain, whole } from "./pdfkit.ts";

/** The fonts of a document. */
export interface Fonts {
  regular: Uint8Array;
  bold: Uint8Array;
}

/** What a document says of itself; with the same values it has the same bytes. */
export interface DocumentInfo {
  title: string;
  author: string;
  created: Date;
  landscape: boolean;
}

/** How a line is written. */
export interface TextStyle {
  size: number;
  bold?: boolean;
  color?: string;
}

/** Where a line stands. start is the right end for a line that is written from right to left. */
export type Align = "start" | "end" | "center";

const margin = 36;

interface LaidOut {
  line: Line;
  widths: number[];
  width: number;
}

/** A PDF of A4 pages with texts in any of the fonts' scripts, Arabic in its order. */
export class PdfDocument {
  readonly margin = margin;
  readonly pdf: Pdf;
  readonly #chunks: Uint8Array[] = [];
  readonly #ended: Promise<void>;
  readonly #known = new Map<string, LaidOut>();

  constructor(fonts: Fonts, info: DocumentInfo) {
    this.pdf = newPdf({
      size: "A4",
      layout: info.landscape ? "landscape" : "portrait",
      margin,
      bufferPages: true,
      font: null,
      lang: "en",
      displayTitle: true,
      info: { Title: info.title, Author: info.author, CreationDate: info.created },
    });
    this.pdf.registerFont("regular", fonts.regular);
    this.pdf.registerFont("bold", fonts.bold);
    this.#ended = new Promise((resolve) => this.pdf.on("end", () => resolve()));
    this.pdf.on("data", (chunk) => this.#chunks.push(chunk));
  }

  /** The width between the margins. */
  get width(): number {
    return this.pdf.page.width - 2 * margin;
  }

  /** Where the last line of a page ends. */
  get bottom(): number {
    return this.pdf.page.height - margin - 14;
  }

  #use({ size, bold, color = "#1b2430" }: TextStyle) {
    this.pdf.font(bold ? "bold" : "regular").fontSize(size).fillColor(color);
  }

  /** The order and width of a text in the font in use. Reports repeat most of their values, and shaping is dear. */
  #laidOut(text: string, { size, bold }: TextStyle): LaidOut {
    const known = this.#known.get(`${bold ? "b" : "r"}${size} ${text}`);
    if (known !== undefined) return known;
    const line = lineOf(text);
    const widths = line.runs.map((run) =>
      this.pdf.widthOfString(run.text, run.whole ? whole : plain)
    );
    const found = { line, widths, width: widths.reduce((sum, one) => sum + one, 0) };
    this.#known.set(`${bold ? "b" : "r"}${size} ${text}`, found);
    return found;
  }

  /** The width of a text on one line. */
  measure(text: string, style: TextStyle): number {
    this.#use(style);
    return this.#laidOut(text, style).width;
  }

  /** Writes one line into a width. */
  line(
    text: string,
    place: { x: number; y: number; width: number; align?: Align },
    style: TextStyle,
  ) {
    this.#use(style);
    const { line, widths, width: needed } = this.#laidOut(text, style);
    const { x, y, width, align = "start" } = place;
    const space = width - needed;
    const atEnd = align === "end" || (align === "start" && line.rightToLeft);
    let at = x + (align === "center" ? space / 2 : atEnd ? space : 0);
    line.runs.forEach((run, index) => {
      this.pdf.text(run.text, at, y, run.whole ? whole : plain);
      at += widths[index] ?? 0;
    });
  }

  /** Cuts a text into lines that fit; the last of too many ends with an ellipsis. */
  lines(text: string, width: number, style: TextStyle, most: number): string[] {
    this.#use(style);
    const fits = (line: string) => this.#laidOut(line, style).width <= width;
    if (fits(text)) return [text];
    const lines: string[] = [];
    let current = "";
    for (const word of wordsThatFit(text, fits)) {
      const longer = current === "" ? word : `${current} ${word}`;
      if (fits(longer)) current = longer;
      else {
        lines.push(current);
        current = word;
      }
    }
    lines.push(current);
    if (lines.length <= most) return lines;
    let last = lines[most - 1] ?? "";
    while (last !== "" && !fits(`${last}…`)) last = [...last].slice(0, -1).join("");
    return [...lines.slice(0, most - 1), `${last}…`];
  }

  /** Writes what stands at the foot of each page, with its number, and gives the file. */
  async finish(foot: string): Promise<Uint8Array<ArrayBuffer>> {
    const { count } = this.pdf.bufferedPageRange();
    for (let page = 0; page < count; page++) {
      this.pdf.switchToPage(page);
      const y = this.pdf.page.height - margin - 4;
      const style = { size: 8, color: "#566172" };
      this.line(foot, { x: margin, y, width: this.width - 60 }, style);
      this.line(`${page + 1} / ${count}`, {
        x: margin,
        y,
        width: this.width,
        align: "end",
      }, style);
    }
    this.pdf.end();
    await this.#ended;
    return new Uint8Array(await new Blob(this.#chunks as BlobPart[]).arrayBuffer());
  }
}

/** The words of a text; those that are too long for a line are cut. */
function* wordsThatFit(text: string, fits: (text: string) => boolean): Generator<string> {
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (fits(word)) {
      yield word;
      continue;
    }
    let part = "";
    for (const char of word) {
      if (part !== "" && !fits(part + char)) {
        yield part;
        part = "";
      }
      part += char;
    }
    yield part;
  }
}
