import PdfKit from "pdfkit";

/** Where a glyph stands, in thousandths of the font's size. */
export interface GlyphPosition {
  xAdvance: number;
  xOffset: number;
  yOffset: number;
  /** The width of the glyph alone. */
  advanceWidth: number;
}

/** A font as pdfkit keeps it; of its glyphs the file has those that were encoded. */
export interface EmbeddedFont {
  readonly id: string;
  /** In thousandths of the font's size. */
  readonly ascender: number;
  /** What the resources of a page name it by. */
  ref(): unknown;
  /** The codes and places of the glyphs of a text, shaped as a whole if there is a list of features. */
  encode(text: string, features: string[]): [codes: string[], positions: GlyphPosition[]];
}

/** What of pdfkit is used; the package has no types. */
export interface Pdf {
  readonly page: { width: number; height: number; fonts: Record<string, unknown> };
  /** No public part of pdfkit, which measures and lays out each text anew and writes each operator by itself. */
  readonly _font: EmbeddedFont;
  font(name: string): Pdf;
  strokeColor(color: string): Pdf;
  lineWidth(width: number): Pdf;
  dash(length: number, options: { space: number }): Pdf;
  undash(): Pdf;
  rect(x: number, y: number, width: number, height: number): Pdf;
  circle(x: number, y: number, radius: number): Pdf;
  moveTo(x: number, y: number): Pdf;
  lineTo(x: number, y: number): Pdf;
  fill(color?: string): Pdf;
  stroke(): Pdf;
  save(): Pdf;
  restore(): Pdf;
  clip(): Pdf;
  /** Operators of PDF for the page, in whose coordinates y grows downwards. */
  addContent(operators: string): Pdf;
  registerFont(name: string, bytes: Uint8Array): Pdf;
  addPage(options: { size: string; layout: "portrait" | "landscape"; margin: number }): Pdf;
  switchToPage(page: number): Pdf;
  bufferedPageRange(): { count: number };
  on(event: string, listener: (value: Uint8Array) => void): void;
  end(): void;
}

/** A document of pdfkit with its options. The cast says what the package has no types for. */
export const newPdf = (options: Record<string, unknown>): Pdf =>
  new (PdfKit as unknown as new (options: Record<string, unknown>) => Pdf)(options);
