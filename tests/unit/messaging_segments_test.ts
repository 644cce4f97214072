import assert from "node:assert/strict";
import {
  countSegments,
  GSM7_BASIC,
  GSM7_EXTENSION,
} from "../../supabase/functions/_shared/messaging/segments.ts";

Deno.test("texts are counted as carriers count them", () => {
  const cases: [text: string, encoding: string, segments: number, units: number][] = [
    ["a".repeat(160), "GSM-7", 1, 160],
    ["a".repeat(161), "GSM-7", 2, 161],
    ["a".repeat(306), "GSM-7", 2, 306],
    ["a".repeat(307), "GSM-7", 3, 307],
    ["€".repeat(80), "GSM-7", 1, 160],
    ["€".repeat(81), "GSM-7", 2, 162],
    ["ç".repeat(70), "UCS-2", 1, 70],
    ["ç".repeat(71), "UCS-2", 2, 71],
    ["😀".repeat(35), "UCS-2", 1, 70],
    ["😀".repeat(36), "UCS-2", 2, 72],
    ["😀".repeat(66), "UCS-2", 2, 132],
    ["😜" + "a".repeat(68), "UCS-2", 1, 70],
    ["😜" + "a".repeat(69), "UCS-2", 2, 71],
    ["€" + "a".repeat(158), "GSM-7", 1, 160],
    ["€" + "a".repeat(159), "GSM-7", 2, 161],
    ["a\r\nb", "GSM-7", 1, 4],
    ["Ç\f|", "GSM-7", 1, 5],
    ["", "GSM-7", 1, 0],
  ];
  for (const [text, encoding, segments, units] of cases) {
    assert.deepEqual(countSegments(text), { encoding, segments, units }, text);
  }
});

Deno.test("an escape pair at a part's border moves to the next part as a whole", () => {
  // 152 and a pair do not fit into 153, so 306 septets need a third part.
  const split = "a".repeat(152) + "€" + "a".repeat(152);
  assert.deepEqual(countSegments(split), { encoding: "GSM-7", segments: 3, units: 306 });
  assert.equal(countSegments("a".repeat(151) + "€" + "a".repeat(153)).segments, 2);
});

Deno.test("a surrogate pair at a part's border moves to the next part as a whole", () => {
  const split = "ç" + "a".repeat(65) + "😀" + "a".repeat(66);
  assert.deepEqual(countSegments(split), { encoding: "UCS-2", segments: 3, units: 134 });
  assert.equal(countSegments("ç" + "a".repeat(64) + "😀" + "a".repeat(67)).segments, 2);
});

Deno.test("the GSM alphabets have each character of GSM 03.38 once", () => {
  assert.equal(new Set(GSM7_BASIC).size, 127);
  assert.equal(GSM7_BASIC.length, 127);
  assert.equal(new Set(GSM7_EXTENSION).size, 10);
  for (const not of "çáíóú`") assert.ok(!(GSM7_BASIC + GSM7_EXTENSION).includes(not), not);
});
