import { Buffer } from "node:buffer";
import { Problem } from "./problem.ts";

/** One part of a form. Its content must be read to the end before the next part is requested. */
export interface FormPart {
  name: string;
  fileName: string | null;
  content: AsyncIterable<Uint8Array>;
}

const longestHead = 16 * 1024;

const malformed = () => new Problem(400, "malformed", "The form is malformed or was cut off.");

/** Reads a stream up to successive delimiters. */
function reader(body: ReadableStream<Uint8Array>) {
  const source = body.getReader();
  let buffer = Buffer.from("\r\n");
  async function fill(): Promise<void> {
    const { done, value } = await source.read().catch(() => ({ done: true, value: undefined }));
    if (done || value === undefined) throw malformed();
    buffer = Buffer.concat([buffer, value]);
  }
  return {
    async *until(delimiter: Buffer): AsyncGenerator<Uint8Array> {
      for (;;) {
        const at = buffer.indexOf(delimiter);
        const ready = at === -1 ? Math.max(0, buffer.length - delimiter.length + 1) : at;
        if (ready > 0) yield buffer.subarray(0, ready);
        buffer = buffer.subarray(at === -1 ? ready : at + delimiter.length);
        if (at !== -1) return;
        await fill();
      }
    },
    async take(length: number): Promise<string> {
      while (buffer.length < length) await fill();
      const text = buffer.subarray(0, length).toString("latin1");
      buffer = buffer.subarray(length);
      return text;
    },
  };
}

async function textOf(content: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of content) {
    size += piece.length;
    if (size > maxBytes) throw new Problem(413, "too_large", "A field of the form is too large.");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf-8");
}

/** A field's text, at most 64 KB. */
export const fieldText = (part: FormPart): Promise<string> => textOf(part.content, 64 * 1024);

function attributeOf(head: string, name: string): string | null {
  const match = new RegExp(`[;\\s]${name}="([^"\\r\\n]*)"`, "i").exec(head);
  return match?.[1] ?? null;
}

/**
 * The parts of a `multipart/form-data` body (RFC 7578) as a stream: the whole body is never in memory.
 * @throws Problem 400 for a body that is malformed or truncated.
 */
export async function* formParts(
  body: ReadableStream<Uint8Array> | null,
  contentType: string,
): AsyncGenerator<FormPart> {
  const match = /^multipart\/form-data\s*;.*\bboundary=(?:"([^"]{1,100})"|([^;\s]{1,100}))/i
    .exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined || body === null) {
    throw new Problem(400, "malformed", "Send the file as multipart/form-data.");
  }
  const source = reader(body);
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  for await (const _preamble of source.until(delimiter));
  for (;;) {
    const next = await source.take(2);
    if (next === "--") return;
    if (next !== "\r\n") throw malformed();
    const head = await textOf(source.until(Buffer.from("\r\n\r\n")), longestHead);
    const content = source.until(delimiter);
    yield {
      name: attributeOf(head, "name") ?? "",
      fileName: attributeOf(head, "filename"),
      content,
    };
    // Skips content that was not consumed.
    for await (const _rest of content);
  }
}
