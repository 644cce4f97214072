import { Face, operators } from "./font.ts";
import { newPdf, type Pdf } from "./pdfkit.ts";
import { wrapped } from "./wrap.ts";

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
}

/** What the pages are printed on. */
export interface Paper {
  size: "A4" | "A3" | "A2";
  landscape: boolean;
}

/** The sides of papers in points, ISO 216. */
const sides = { A4: [595.28, 841.89], A3: [841.89, 1190.55], A2: [1190.55, 1683.78] } as const;

/** How a line is written. */
export interface TextStyle {
  size: number;
  bold?: boolean;
  color?: string;
}

/** Where a line stands. start is the right end for a line that is written from right to left. */
export type Align = "start" | "end" | "center";

/** A line of text and where it stands. */
export interface PlacedLine {
  text: string;
  x: number;
  /** The top of the line. */
  y: number;
  width: number;
  align?: Align;
}

const margin = 36;
/** Thousandths of the size, narrower than any letter: how many have room on a line at most. */
const narrowest = 200;
/** What has no picture and no meaning in a line. */
// deno-lint-ignore no-control-regex
const unprintable = /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]/g;

const rounded = (value: number): number => Math.round(value * 100) / 100;

/** The operator for a fill colour, from `#rrggbb`. */
const fillOperator = (color: string): string =>
  [1, 3, 5].map((at) => rounded(parseInt(color.slice(at, at + 2), 16) / 255)).join(" ") + " rg";

/** A PDF with texts in any of the fonts' scripts, Arabic in its order. */
export class PdfDocument {
  readonly margin = margin;
  readonly pdf: Pdf;
  readonly #chunks: Uint8Array[] = [];
  readonly #ended: Promise<void>;
  #paper: Paper = { size: "A4", landscape: false };
  readonly #faces: { regular: Face; bold: Face };

  constructor(fonts: Fonts, info: DocumentInfo) {
    this.pdf = newPdf({
      autoFirstPage: false,
      bufferPages: true,
      font: null,
      lang: "en",
      displayTitle: true,
      info: { Title: info.title, Author: info.author, CreationDate: info.created },
    });
    const face = (name: keyof Fonts) =>
      new Face(this.pdf.registerFont(name, fonts[name]).font(name)._font);
    this.#faces = { regular: face("regular"), bold: face("bold") };
    this.#ended = new Promise((resolve) => this.pdf.on("end", () => resolve()));
    this.pdf.on("data", (chunk) => this.#chunks.push(chunk));
  }

  /** Begins the first page; the others are like it. */
  begin(paper: Paper) {
    this.#paper = paper;
    this.nextPage();
  }

  /** Begins a page. Answers where it begins. */
  nextPage(): number {
    const { size, landscape } = this.#paper;
    this.pdf.addPage({ size, layout: landscape ? "landscape" : "portrait", margin });
    return margin;
  }

  /** The width between the margins of a paper. */
  widthOn({ size, landscape }: Paper): number {
    return sides[size][landscape ? 1 : 0] - 2 * margin;
  }

  /** The width between the margins. */
  get width(): number {
    return this.pdf.page.width - 2 * margin;
  }

  /** Where the last line of a page ends. */
  get bottom(): number {
    return this.pdf.page.height - margin - 14;
  }

  #face({ bold }: TextStyle): Face {
    return bold ? this.#faces.bold : this.#faces.regular;
  }

  /** The width of a text on one line. */
  measure(text: string, style: TextStyle): number {
    return this.#face(style).width(text) / 1_000 * style.size;
  }

  /** Fills a rectangle. */
  box(x: number, y: number, width: number, height: number, color: string) {
    const place = [x, y, width, height].map(rounded).join(" ");
    this.pdf.addContent(`${fillOperator(color)} ${place} re f`);
  }

  /** Writes lines, each into a width. */
  write(lines: readonly PlacedLine[], style: TextStyle) {
    if (lines.length === 0) return;
    const { size, color = "#1b2430" } = style;
    const face = this.#face(style);
    const { id, ascender } = face.font;
    this.pdf.page.fonts[id] ??= face.font.ref();
    let operations = `BT ${fillOperator(color)} /${id} ${size} Tf`;
    for (const { text, x, y, width, align = "start" } of lines) {
      if (text === "") continue;
      const line = face.line(text.replace(unprintable, " "));
      const space = width - line.width / 1_000 * size;
      const atEnd = align === "end" || (align === "start" && line.rightToLeft);
      const at = rounded(x + (align === "center" ? space / 2 : atEnd ? space : 0));
      // On a page of pdfkit y grows downwards: -1 turns the letters.
      operations += ` 1 0 0 -1 ${at} ${rounded(y + ascender / 1_000 * size)} Tm ` +
        operators(line, size);
    }
    this.pdf.addContent(`${operations} ET`);
  }

  /** Cuts a text into lines that fit; the last of too many ends with an ellipsis. */
  lines(text: string, width: number, style: TextStyle, most: number): string[] {
    const room = width / style.size * 1_000;
    const longest = Math.ceil(most * room / narrowest);
    const frame = { width: room, lines: most, longest };
    return wrapped(text.replace(unprintable, " "), this.#face(style), frame);
  }

  /** Writes what stands at the foot of each page, with its number, and gives the file. */
  async finish(foot: string): Promise<Uint8Array<ArrayBuffer>> {
    const { count } = this.pdf.bufferedPageRange();
    const style = { size: 8, color: "#566172" };
    const [text = ""] = this.lines(foot, this.width - 60, style, 1);
    for (let page = 0; page < count; page++) {
      this.pdf.switchToPage(page);
      const y = this.pdf.page.height - margin - 4;
      const number = `${page + 1} / ${count}`;
      this.write([
        { text, x: margin, y, width: this.width - 60 },
        { text: number, x: margin, y, width: this.width, align: "end" },
      ], style);
    }
    this.pdf.end();
    await this.#ended;
    return new Uint8Array(await new Blob(this.#chunks as BlobPart[]).arrayBuffer());
  }
}
