import {
  crc32,
  dataDescriptor,
  directory,
  localHeader,
  newEntry,
  type ZipEntry,
} from "./zip_writer.ts";

/** A member of an archive: its name, and its text in pieces. */
export type ZipPart = [name: string, text: AsyncIterable<string>];

/** A text in one piece. */
export async function* single(text: string): AsyncGenerator<string> {
  yield text;
}

/** A zip archive of these texts in UTF-8, streamed: only one piece is in memory. */
export async function* zipArchive(
  parts: Iterable<ZipPart> | AsyncIterable<ZipPart>,
): AsyncGenerator<Uint8Array> {
  const entries: ZipEntry[] = [];
  let offset = 0;
  for await (const [name, text] of parts) {
    const entry = newEntry(name, offset);
    const head = localHeader(entry);
    yield head;
    for await (const packed of deflated(text, entry)) {
      entry.packed += packed.length;
      yield packed;
    }
    const end = dataDescriptor(entry);
    yield end;
    entries.push(entry);
    offset += head.length + entry.packed + end.length;
  }
  yield* directory(entries, offset);
}

/** The compressed text; its length and checksum are set in the entry. */
function deflated(text: AsyncIterable<string>, entry: ZipEntry): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  async function* bytes(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const piece of text) {
      const encoded = encoder.encode(piece);
      entry.crc = crc32(encoded, entry.crc);
      entry.size += encoded.length;
      yield encoded;
    }
  }
  return ReadableStream.from(bytes()).pipeThrough(new CompressionStream("deflate-raw"));
}
