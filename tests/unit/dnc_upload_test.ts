import assert from "node:assert/strict";
import { piecesOf } from "../../supabase/functions/suppressions/dnc_upload.ts";

async function cut(chunks: string[]) {
  const encoder = new TextEncoder();
  const pieces: string[] = [];
  const content = ReadableStream.from(chunks.map((chunk) => encoder.encode(chunk)));
  for await (const piece of piecesOf(content)) pieces.push(piece);
  return pieces;
}

Deno.test("a list is cut into pieces of bounded length at line ends, however it arrives", async () => {
  const lines = Array.from({ length: 60_000 }, (_, line) => `202${5_550_000 + line}`);
  const file = lines.join("\r\n");
  for (const size of [file.length, 1000, 65_536]) {
    const chunks = [];
    for (let at = 0; at < file.length; at += size) chunks.push(file.slice(at, at + size));
    const pieces = await cut(chunks);
    assert.ok(pieces.length > 1 && pieces.every((piece) => piece.length <= 262_144));
    assert.deepEqual(pieces.flatMap((piece) => piece.split(/\s+/).filter(Boolean)), lines);
  }
});

Deno.test("a file without line ends is not a list of numbers", async () => {
  await assert.rejects(cut(["1".repeat(300_000)]), { status: 422 });
});
