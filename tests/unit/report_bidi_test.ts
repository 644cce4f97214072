import assert from "node:assert/strict";
import { lineOf } from "../../supabase/functions/_shared/reports/pdf/bidi.ts";

const drawn = (text: string) => lineOf(text).runs.join("");

Deno.test("A text in Latin letters is drawn word by word from the left", () => {
  assert.deepEqual(lineOf("Ɖela Ŋkɔ (Accra)"), {
    runs: ["Ɖela", " ", "Ŋkɔ", " ", "(Accra)"],
    rightToLeft: false,
  });
});

Deno.test("The first word of an Arabic text is drawn last, at the right, and each word is shaped as a whole", () => {
  assert.deepEqual(lineOf("محمد عبد الله"), {
    runs: ["الله", " ", "عبد", " ", "محمد"],
    rightToLeft: true,
  });
});

Deno.test("Arabic among Latin keeps its place, Latin among Arabic is put in visual order", () => {
  assert.equal(drawn("Kofi كوفي Mensah"), "Kofi كوفي Mensah");
  assert.deepEqual(lineOf("فاطمة Accra الزهراء").runs, ["الزهراء", " ", "Accra", " ", "فاطمة"]);
});

Deno.test("Arabic-Indic digits are turned before the font engine turns them", () => {
  assert.deepEqual(lineOf("رقم ١٢٣ ٤٥").runs, ["٥٤", " ", "٣٢١", " ", "رقم"]);
});

Deno.test("Brackets between Arabic words are mirrored, and controls that have no picture are left out", () => {
  assert.deepEqual(lineOf("محمد (عبد) الله").runs, ["الله", " ", ")عبد(", " ", "محمد"]);
  assert(!drawn("\u202eمحمد\u202c").includes("\u202e"));
});
