import { SheetError, unsupported } from "../../_shared/sheet/error.ts";
import { checkStart, encodingOf } from "../../_shared/sheet/text_file.ts";

const sampleBytes = 64 * 1024;

function concat(pieces: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Number of bytes at the end that begin an incomplete UTF-8 sequence. */
function unfinished(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

/**
 * Decodes text without a declared encoding. An invalid byte switches to Windows-1252 if all text before was ASCII;
 * after valid UTF-8 it is only a damaged character.
 */
function guessingDecoder() {
  let label: "utf-8" | "windows-1252" = "utf-8";
  let certain = false;
  let rest: Uint8Array = new Uint8Array();
  return (piece: Uint8Array, last: boolean): string => {
    const bytes = rest.length > 0 ? concat([rest, piece]) : piece;
    const keep = label === "utf-8" && !last ? unfinished(bytes) : 0;
    const whole = bytes.subarray(0, bytes.length - keep);
    rest = bytes.slice(bytes.length - keep);
    if (label === "windows-1252") return new TextDecoder(label).decode(whole);
    try {
      const text = new TextDecoder("utf-8", { fatal: !certain, ignoreBOM: true }).decode(whole);
      certain ||= text.length < whole.length;
      return text;
    } catch {
      label = "windows-1252";
      const text = new TextDecoder(label).decode(bytes);
      rest = new Uint8Array();
      return text;
    }
  };
}

type Decode = (piece: Uint8Array, last: boolean) => string;

function decoderFor(sample: Uint8Array): Decode {
  const encoding = encodingOf(sample);
  if (encoding === "utf-8") return guessingDecoder();
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  return (piece, last) => decoder.decode(piece, { stream: !last });
}

function beginning(bytes: Uint8Array, last: boolean): { decode: Decode; text: string } {
  const decode = decoderFor(bytes);
  const text = decode(bytes, last).replace(/^\uFEFF/, "");
  checkStart(text);
  return { decode, text };
}

function withoutZeros(text: string): string {
  if (text.includes("\0")) throw unsupported();
  return text;
}

/**
 * The text of a file in UTF-8, UTF-16 (with or without a byte order mark) or Windows-1252, as a stream.
 * @throws SheetError for binary data and web pages.
 */
export async function* textPieces(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const sample: Uint8Array[] = [];
  let size = 0;
  let decode: Decode | undefined;
  for await (const piece of bytes) {
    if (decode !== undefined) {
      yield withoutZeros(decode(piece, false));
      continue;
    }
    sample.push(piece.slice());
    size += piece.length;
    if (size < sampleBytes) continue;
    const begun = beginning(concat(sample), false);
    decode = begun.decode;
    yield withoutZeros(begun.text);
  }
  if (size === 0) throw new SheetError("file_empty", "The file is empty.");
  const last = decode?.(new Uint8Array(), true) ?? beginning(concat(sample), true).text;
  yield withoutZeros(last);
}
