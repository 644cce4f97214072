import assert from "node:assert/strict";
import { fromPostgres } from "../../supabase/functions/_shared/problem.ts";

const problemOf = (code: string) =>
  fromPostgres({ code, message: "words of the database", details: null, hint: null });

for (
  const [code, status, name] of [
    ["40001", 409, "try_again"],
    ["40P01", 409, "try_again"],
    ["55P03", 503, "try_again"],
    ["57014", 503, "took_too_long"],
    ["PGRST003", 503, "busy"],
  ] as const
) {
  Deno.test(`${code} is ${status} ${name}, in words that say to try again`, () => {
    const problem = problemOf(code);
    assert.deepEqual([problem.status, problem.code], [status, name]);
    assert.match(problem.detail, /try again/i);
    assert.doesNotMatch(problem.detail, /words of/);
  });
}
