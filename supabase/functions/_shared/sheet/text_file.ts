import { SheetError, unsupported } from "./error.ts";

const SAMPLE = 4096;

function decode(bytes: Uint8Array, label: string): string {
  return new TextDecoder(label).decode(bytes);
}

/**
 * UTF-16 without a byte order mark is recognized by its zero bytes: separators, digits and line
 * ends have one each, in every script, and always on the same side.
 */
function zeroBytes(bytes: Uint8Array): { even: number; odd: number; length: number } {
  const sample = bytes.subarray(0, SAMPLE);
  let even = 0;
  let odd = 0;
  for (const [index, byte] of sample.entries()) {
    if (byte !== 0) continue;
    if (index % 2 === 0) even++;
    else odd++;
  }
  return { even, odd, length: sample.length };
}

/** The encoding detected from the beginning of a text file; `utf-8` by default. */
export function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const { even, odd, length } = zeroBytes(bytes);
  if (odd > length / 20 && even === 0) return "utf-16le";
  if (even > length / 20 && odd === 0) return "utf-16be";
  return "utf-8";
}

/** The text of a CSV file in UTF-8, UTF-16 (marked or not) or Windows-1252, without its mark. */
export function decodeText(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes);
  if (encoding !== "utf-8") return checkText(decode(bytes, encoding));
  try {
    return checkText(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    if (error instanceof SheetError) throw error;
    return checkText(decode(bytes, "windows-1252"));
  }
}

/** Refuses files whose beginning shows a web page or binary data. */
export function checkStart(text: string): void {
  const start = text.slice(0, SAMPLE);
  if (/^\s*<|^MIME-Version:/i.test(start)) {
    throw new SheetError(
      "file_is_html",
      "This is a web page or XML saved under the name of a spreadsheet. " +
        "Open it in Excel, choose Save As, Excel Workbook (.xlsx), and send that file.",
    );
  }
  // deno-lint-ignore no-control-regex -- counts characters that no text file contains
  const controls = start.match(/[\x01-\x08\x0e-\x1a\x1c-\x1f]/g)?.length ?? 0;
  if (controls > start.length / 50) throw unsupported();
}

function checkText(text: string): string {
  checkStart(text);
  if (text.includes("\0")) throw unsupported();
  if (text.trim() === "") throw new SheetError("file_empty", "The file is empty.");
  return text;
}
