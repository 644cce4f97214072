import assert from "node:assert/strict";
import { Face, operators } from "../../supabase/functions/_shared/reports/pdf/font.ts";
import type { EmbeddedFont } from "../../supabase/functions/_shared/reports/pdf/pdfkit.ts";
import { wrapped } from "../../supabase/functions/_shared/reports/pdf/wrap.ts";

/** A font in which each letter is 500 wide and moved by 7, raised by 100 if it is a mark, and takes 510. */
const font: EmbeddedFont = {
  id: "F1",
  ascender: 900,
  ref: () => null,
  encode: (text) => [
    [...text].map((char) => char.codePointAt(0)?.toString(16).padStart(4, "0") ?? ""),
    [...text].map((char) => ({
      xAdvance: 510,
      xOffset: 7,
      yOffset: /\p{M}/u.test(char) ? 100 : 0,
      advanceWidth: 500,
    })),
  ],
};

Deno.test("Simple letters are one operand, and their width that of the glyphs", () => {
  const face = new Face(font);
  assert.equal(operators(face.line("Ŋkɔ 1"), 8), "[<014a006b025400200031>] TJ");
  assert.equal(face.width("Ŋkɔ 1"), 2_500);
});

Deno.test("Moves between letters are numbers of their own, also where a word ends with one and the next begins with one", () => {
  const line = operators(new Face(font).line("ب١"), 8);
  assert.match(line, /^\[(?:\s*(?:-?\d+(?=[\s<\]])|<[0-9a-f]{4}>))+\] TJ$/);
  assert.deepEqual(line.match(/-?\d+(?=[\s<\]])/g)?.slice(0, 2), ["-7", "-3"]);
});

Deno.test("A mark that stands higher is raised by the size of the font, and what follows is not", () => {
  const line = operators(new Face(font).line("a\u0301b"), 8);
  assert.match(line, /\] TJ 0\.8 Ts \[.*\] TJ 0 Ts \[.*\] TJ$/);
});

const ruler = { width: (text: string) => text.length, roughWidth: (text: string) => text.length };
const frame = { width: 10, lines: 3, longest: 60 };

Deno.test("A text is cut at its own lines, between words, and within a word only where it is too long", () => {
  assert.deepEqual(wrapped("one two\nthree", ruler, frame), ["one two", "three"]);
  assert.deepEqual(wrapped("one two three", ruler, frame), ["one two", "three"]);
  assert.deepEqual(wrapped("abcdefghijklmno p", ruler, frame), ["abcdefghij", "klmno p"]);
});

Deno.test("What has no room ends with an ellipsis, and a mark is not parted from its letter", () => {
  assert.deepEqual(wrapped("aaaa bbbb cccc dddd eeee ffff gggg", ruler, frame), [
    "aaaa bbbb",
    "cccc dddd",
    "eeee ffff…",
  ]);
  assert.deepEqual(wrapped("x".repeat(1_000), ruler, { ...frame, lines: 1 }), ["xxxxxxxxx…"]);
  const [first = ""] = wrapped("abcdefghi\u0254\u0300xyz", ruler, frame);
  assert.equal(first, "abcdefghi");
});
