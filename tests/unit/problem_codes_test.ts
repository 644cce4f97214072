import assert from "node:assert/strict";
import { problemCodes, refusalsOf } from "../../tools/problem_codes.ts";

Deno.test("The table of codes has those of files, of reports and of all other wrappers", () => {
  const codes = problemCodes().map(({ status, code }) => `${status} ${code}`);
  assert.equal(new Set(codes).size, codes.length, "none twice");
  for (
    const code of [
      "422 file_encrypted",
      "415 file_is_html",
      "413 file_expands_too_much",
      "422 no_rows",
      "422 unknown_field",
      "403 field_not_permitted",
      "422 report_too_heavy",
      "422 mixed_currencies",
      "409 run_failed",
      "409 has_open_tasks",
      "429 rate_limited",
    ]
  ) assert(codes.includes(code), code);
});

Deno.test("Every code has a whole sentence", () => {
  for (const { code, meaning } of problemCodes()) assert.match(meaning, /^["A-Z].{10,}\.$/s, code);
});

Deno.test("Codes are read from choices and joined sentences", () => {
  assert.deepEqual(
    refusalsOf(
      "private.problem(409, case when a > 0 then 'has_a' else 'has_b' end, 'It''s so.')",
      "sql",
    ),
    [{ statuses: [409], codes: ["has_a", "has_b"], detail: "It's so." }],
  );
  assert.deepEqual(
    refusalsOf('new Problem(404, gone ? "gone" : "lost", "First, " + "second.")', "typescript"),
    [{ statuses: [404], codes: ["gone", "lost"], detail: "First, second." }],
  );
});

Deno.test("A code that cannot be read is an error, not left out", () => {
  assert.throws(() => refusalsOf("private.problem(409, prefix || kind, 'No.')", "sql"));
  assert.throws(() => refusalsOf('new Problem(409, codeOf(x), "No.")', "typescript"));
});
