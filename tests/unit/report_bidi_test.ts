import assert from "node:assert/strict";
import { lineOf } from "../../supabase/functions/_shared/reports/pdf/bidi.ts";

const drawn = (text: string) => lineOf(text).runs.map((run) => run.text);

Deno.test("A text in Latin letters is one run, word by word", () => {
  assert.deepEqual(lineOf("Ɖela Ŋkɔ (Accra)"), {
    runs: [{ text: "Ɖela Ŋkɔ (Accra)", whole: false }],
    rightToLeft: false,
  });
});

Deno.test("An Arabic text is one run that is shaped as a whole, and begins at the right", () => {
  assert.deepEqual(lineOf("محمد عبد الله"), {
    runs: [{ text: "محمد عبد الله", whole: true }],
    rightToLeft: true,
  });
});

Deno.test("Arabic among Latin keeps its place, Latin among Arabic is put in visual order", () => {
  assert.deepEqual(drawn("Kofi كوفي Mensah"), ["Kofi ", "كوفي", " Mensah"]);
  const [last, middle, first] = drawn("فاطمة Accra الزهراء");
  assert.deepEqual([last, middle, first], [" الزهراء", "Accra", "فاطمة "]);
});

Deno.test("Arabic-Indic digits are turned before the font engine turns them", () => {
  assert(drawn("رقم ١٢٣").includes("٣٢١"));
});

Deno.test("Brackets between Arabic words are mirrored, and controls that have no picture are left out", () => {
  assert.deepEqual(drawn("محمد (عبد) الله"), ["محمد )عبد( الله"]);
  assert(!drawn("\u202eمحمد\u202c").join("").includes("\u202e"));
});
