import type { WholeFormat } from "../_shared/reports/format.ts";

const readFont = (name: string) => Deno.readFile(new URL(`./fonts/${name}.ttf`, import.meta.url));

let pdf: Promise<WholeFormat> | undefined;

/** Loaded when the first PDF is asked for: other jobs do not pay for it. */
async function loadPdf(): Promise<WholeFormat> {
  const [{ pdfFormat }, regular, bold] = await Promise.all([
    import("../_shared/reports/pdf/format.ts"),
    readFont("DejaVuSans"),
    readFont("DejaVuSans-Bold"),
  ]);
  return pdfFormat({ regular, bold });
}

/** The writer of a format whose files are made at once; undefined for any other name. */
export async function wholeFormatNamed(name: string): Promise<WholeFormat | undefined> {
  return name === "pdf" ? await (pdf ??= loadPdf()) : undefined;
}
