import { SheetError, unsupported } from "./error.ts";

/**
 * Follows each character that was decoded from an invalid byte. It is a noncharacter (Unicode
 * 23.7), so texts do not contain it; `readRecords` removes it.
 */
export const DAMAGE_MARK = "\ufdd0";

const SAMPLE = 4096;
const WINDOWS_1252 = new TextDecoder("windows-1252");
const damagedCharacter = Array.from(
  { length: 128 },
  (_, index) => WINDOWS_1252.decode(Uint8Array.of(index + 128)) + DAMAGE_MARK,
);

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
function encodingOf(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const { even, odd, length } = zeroBytes(bytes);
  if (odd > length / 20 && even === 0) return "utf-16le";
  if (even > length / 20 && odd === 0) return "utf-16be";
  return "utf-8";
}

/** Length of the UTF-8 sequence at `at` (RFC 3629), 0 if it is invalid, -1 if it is cut off. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 && lead <= 0xf4
    ? 4
    : lead >= 0xe0 && lead < 0xf0
    ? 3
    : lead >= 0xc2 && lead < 0xe0
    ? 2
    : 0;
  for (let next = 1; next < length; next++) {
    const byte = bytes[at + next];
    if (byte === undefined) return -1;
    if ((byte & 0xc0) !== 0x80) return 0;
    // Overlong forms, surrogates, and code points beyond U+10FFFF.
    if (
      next === 1 &&
      ((lead === 0xe0 && byte < 0xa0) || (lead === 0xed && byte >= 0xa0) ||
        (lead === 0xf0 && byte < 0x90) || (lead === 0xf4 && byte >= 0x90))
    ) return 0;
  }
  return length;
}

/**
 * Decodes the bytes of a text file as they come in: UTF-16, or UTF-8 in which invalid bytes are
 * read as Windows-1252 and marked. So a file in Windows-1252 is read completely, and a stray byte
 * in a UTF-8 file affects only its own character.
 */
export class TextFileDecoder {
  readonly #utf16: TextDecoder | null;
  #rest = new Uint8Array();
  /** Whether the file has valid multi-byte UTF-8 or declares its encoding: then damage is unexpected. */
  isUnicode: boolean;

  /** @param sample The beginning of the file, at least 4 KB of a larger one. */
  constructor(sample: Uint8Array) {
    const encoding = encodingOf(sample);
    this.#utf16 = encoding === "utf-8" ? null : new TextDecoder(encoding, { ignoreBOM: true });
    const hasMark = sample[0] === 0xef && sample[1] === 0xbb && sample[2] === 0xbf;
    this.isUnicode = this.#utf16 !== null || hasMark;
  }

  decode(piece: Uint8Array, last: boolean): string {
    if (this.#utf16) return this.#utf16.decode(piece, { stream: !last });
    let bytes = piece;
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + piece.length);
      bytes.set(this.#rest);
      bytes.set(piece, this.#rest.length);
    }
    const end = bytes.length - (last ? 0 : cutLength(bytes));
    this.#rest = bytes.slice(end);
    return this.#decodeUtf8(bytes.subarray(0, end));
  }

  #decodeUtf8(bytes: Uint8Array): string {
    try {
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      if (text.length < bytes.length) this.isUnicode = true;
      return text;
    } catch {
      return this.#decodeDamaged(bytes);
    }
  }

  #decodeDamaged(bytes: Uint8Array): string {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    let text = "";
    let from = 0;
    for (let at = 0; at < bytes.length;) {
      const byte = bytes[at] ?? 0;
      const length = sequenceLength(bytes, at);
      if (length > 1) this.isUnicode = true;
      at += Math.max(1, length);
      if (length > 0) continue;
      text += decoder.decode(bytes.subarray(from, at - 1)) + damagedCharacter[byte - 128];
      from = at;
    }
    return text + decoder.decode(bytes.subarray(from));
  }
}

/** Number of bytes at the end that begin an incomplete UTF-8 sequence. */
function cutLength(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    if (sequenceLength(bytes, bytes.length - back) === -1) return back;
  }
  return 0;
}

/** Refuses files whose beginning shows a web page or binary data. */
function checkStart(text: string): void {
  const start = text.slice(0, SAMPLE);
  if (/^\s*<|^MIME-Version:/i.test(start)) {
    throw new SheetError(
      "file_is_html",
      "This is a web page or XML saved under the name of a spreadsheet. " +
        "Open it in Excel, choose Save As, Excel Workbook (.xlsx), and send that file.",
    );
  }
  // deno-lint-ignore no-control-regex -- counts characters that no text file contains
  const controls = start.match(/[\x01-\x08\x0e-\x19\x1c-\x1f]/g)?.length ?? 0;
  if (controls > start.length / 50) throw unsupported();
}

/** Removes padding at the end of a file: zeros of some loggers, and the end mark of DOS programs. */
class PaddingFilter {
  #isPadding = false;

  filter(text: string): string {
    // deno-lint-ignore no-control-regex -- padding consists of control characters
    const end = text.search(/[\0\x1a]/);
    if (this.#isPadding || end !== -1) {
      const rest = this.#isPadding ? text : text.slice(end);
      // deno-lint-ignore no-control-regex -- padding consists of control characters
      if (/[^\0\x1a\s]/.test(rest)) throw unsupported();
      const kept = this.#isPadding ? "" : text.slice(0, end);
      this.#isPadding = true;
      return kept;
    }
    return text;
  }
}

/** The text of a file as a stream, and after its end what the whole file shows. */
export interface FileText {
  pieces: AsyncGenerator<string>;
  /** Whether a damaged character is unexpected, because the file is Unicode otherwise. */
  isUnicode(): boolean;
}

const sampleBytes = 64 * 1024;

/**
 * The text of a file in UTF-8, UTF-16 (with or without a byte order mark) or Windows-1252. Damaged
 * characters are followed by `DAMAGE_MARK`.
 * @throws SheetError for binary data and web pages.
 */
export function fileText(bytes: AsyncIterable<Uint8Array>): FileText {
  let decoder: TextFileDecoder | undefined;
  const padding = new PaddingFilter();
  function begin(sample: Uint8Array, last: boolean): string {
    decoder = new TextFileDecoder(sample);
    const text = padding.filter(decoder.decode(sample, last).replace(/^\uFEFF/, ""));
    checkStart(text);
    return text;
  }
  async function* pieces(): AsyncGenerator<string> {
    let sample: Uint8Array[] = [];
    let size = 0;
    for await (const piece of bytes) {
      if (decoder !== undefined) {
        yield padding.filter(decoder.decode(piece, false));
        continue;
      }
      sample.push(piece.slice());
      size += piece.length;
      if (size < sampleBytes) continue;
      yield begin(joined(sample), false);
      sample = [];
    }
    if (size === 0) throw new SheetError("file_empty", "The file is empty.");
    yield decoder === undefined
      ? begin(joined(sample), true)
      : padding.filter(decoder.decode(new Uint8Array(), true));
  }
  return { pieces: pieces(), isUnicode: () => decoder?.isUnicode ?? true };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
