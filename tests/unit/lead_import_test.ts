import { deepEqual, equal, rejects } from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  readCountry,
  readDate,
  readTimestamp,
} from "../../supabase/functions/_shared/lead_import/values.ts";
import { readRecords } from "../../supabase/functions/_shared/sheet/csv_records.ts";
import { formParts } from "../../supabase/functions/_shared/multipart.ts";
import { type Piece, Splitter } from "../../supabase/functions/_shared/file_import/splitter.ts";
import { fileText } from "../../supabase/functions/_shared/sheet/text_file.ts";
import { type Dice, dice } from "../support/dice.ts";

function* chunks(text: string, next: Dice): Generator<string> {
  for (let at = 0; at < text.length;) {
    const size = 1 + next(7);
    yield text.slice(at, at + size);
    at += size;
  }
}

function records(text: string): string[][] {
  const found: string[][] = [];
  readRecords(text, ",", (_, fields) => {
    found.push(fields);
    return true;
  });
  return found;
}

function split(parts: Iterable<string>): { pieces: Piece[]; totalRows: number } {
  const splitter = new Splitter(",", 2_000);
  const pieces: Piece[] = [];
  for (const part of parts) pieces.push(...splitter.add(part));
  pieces.push(...splitter.add("", true));
  return { pieces, totalRows: splitter.totalRows };
}

Deno.test("pieces of a file hold its rows as they are, however the text comes in", () => {
  const next = dice(7);
  const alphabet = ["a", "b", " ", ",", '"', '""', "\n", "\r\n", "\r", "é", "\u{1F600}", '"x\ny"'];
  for (let round = 0; round < 3_000; round++) {
    const text = Array.from({ length: next(40) }, () => alphabet[next(alphabet.length)]).join("");
    let wanted: string[][];
    try {
      wanted = records(text);
    } catch {
      continue;
    }
    const { pieces, totalRows } = split(chunks(text, next));
    equal(pieces.map(({ content }) => content).join(""), text);
    equal(
      totalRows,
      wanted.filter((fields) => fields.some((field) => field.trim() !== "")).length,
      JSON.stringify(text),
    );
  }
});

Deno.test("a large file is cut where rows end, and each piece knows the number of its first row", () => {
  const text = Array.from(
    { length: 9_000 },
    (_, index) => index % 50 === 0 ? "\r\n" : `${index},"two\nlines, ""${index}"""\r\n`,
  ).join("");
  const { pieces, totalRows } = split(chunks(text, dice(1)));
  equal(totalRows, 9_000 - 180);
  deepEqual(pieces.map(({ rows }) => rows), [2_000, 2_000, 2_000, 2_000, 820]);
  let row = 1;
  for (const { first_row, content } of pieces) {
    equal(first_row, row);
    row += records(content).length;
  }
  deepEqual(pieces.flatMap(({ content }) => records(content)), records(text));
  deepEqual(split([text]).pieces, pieces);
});

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

Deno.test("text is decoded alike however its bytes come in", async () => {
  const text = `name\n${"Ama Müller 😀 éè\n".repeat(9_000)}`;
  for (const size of [1_000, 4_097, 65_536, 70_001]) {
    let read = "";
    for await (const piece of fileText(cut(new TextEncoder().encode(text), size)).pieces) {
      read += piece;
    }
    equal(read === text, true, `${size}`);
  }
});

function bodyOf(bytes: Uint8Array, size: number): ReadableStream<Uint8Array> {
  return ReadableStream.from(cut(bytes, size));
}

Deno.test("the parts of a form are read however its bytes come in", async () => {
  const content = Buffer.from("name\r\n--\r\n--bound\r\n\0\xff-- bou");
  const form = new FormData();
  form.append("file", new File([content], 'a "b".csv'));
  form.append("mapping", "{}");
  const request = new Request("http://x", { method: "POST", body: form });
  const type = request.headers.get("content-type") ?? "";
  const bytes = new Uint8Array(await request.arrayBuffer());
  for (const size of [1, 2, 3, 7, 50, 10_000]) {
    const parts: [string, boolean, string][] = [];
    for await (const part of formParts(bodyOf(bytes, size), type)) {
      const pieces: Uint8Array[] = [];
      for await (const piece of part.content) pieces.push(piece.slice());
      parts.push([part.name, part.fileName !== null, Buffer.concat(pieces).toString("latin1")]);
    }
    deepEqual(parts, [
      ["file", true, content.toString("latin1")],
      ["mapping", false, "{}"],
    ]);
  }
  await rejects(async () => {
    for await (const _part of formParts(bodyOf(bytes.subarray(0, bytes.length - 30), 9), type));
  }, /cut off/);
});

Deno.test("dates are read as the file or the country has them, and no day that is none", () => {
  deepEqual(readDate("2026-11-21", "GH"), { value: "2026-11-21" });
  deepEqual(readDate("21/11/2026", "US"), { value: "2026-11-21" });
  deepEqual(readDate("3/4/2026", "GH"), { value: "2026-04-03" });
  deepEqual(readDate("3/4/2026", "US"), { value: "2026-03-04" });
  deepEqual(readDate("3.4.2026", "US"), { value: "2026-04-03" });
  for (const text of ["2026-02-30", "31/04/2026", "tomorrow", "1/1/26", "0001-01-01"]) {
    equal("message" in readDate(text, "GH"), true, text);
  }
  deepEqual(readTimestamp("2026-05-01 2:30 PM", "GH", "Africa/Accra"), {
    value: "2026-05-01 14:30:00 Africa/Accra",
  });
  deepEqual(readTimestamp("2026-05-01T10:00:00.000Z", "GH", "Africa/Accra"), {
    value: "2026-05-01 10:00:00Z",
  });
  equal("message" in readTimestamp("2999-01-01", "GH", "UTC"), true);
});

Deno.test("countries are read by code and name", () => {
  for (
    const [text, code] of [["gh", "GH"], ["Ghana", "GH"], ["Côte d'Ivoire", "CI"], ["UK", "GB"]]
  ) {
    deepEqual(readCountry(text ?? ""), { value: code });
  }
  equal("message" in readCountry("Atlantis"), true);
});
