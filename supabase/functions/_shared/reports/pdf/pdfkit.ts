import PdfKit from "pdfkit";

/** What of pdfkit is used; the package has no types. */
export interface Pdf {
  readonly page: { width: number; height: number };
  font(name: string): Pdf;
  fontSize(size: number): Pdf;
  fillColor(color: string): Pdf;
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
  text(text: string, x: number, y: number, options: TextOptions): Pdf;
  widthOfString(text: string, options: TextOptions): number;
  registerFont(name: string, bytes: Uint8Array): Pdf;
  addPage(): Pdf;
  switchToPage(page: number): Pdf;
  bufferedPageRange(): { count: number };
  on(event: string, listener: (value: Uint8Array) => void): void;
  end(): void;
}

export interface TextOptions {
  lineBreak: false;
  features?: string[];
}

/** Shaped word by word, each of which pdfkit remembers. */
export const plain: TextOptions = { lineBreak: false };
/** Shaped as a whole, because words of Arabic have no order of their own: what features: [] does. */
export const whole: TextOptions = { lineBreak: false, features: [] };

/** A document of pdfkit with its options. The cast says what the package has no types for. */
export const newPdf = (options: Record<string, unknown>): Pdf =>
  new (PdfKit as unknown as new (options: Record<string, unknown>) => Pdf)(options);
