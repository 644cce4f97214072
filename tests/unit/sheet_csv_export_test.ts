import { equal } from "node:assert/strict";
import { escapeFormula, toCsv } from "../../supabase/functions/_shared/csv.ts";

Deno.test("text that a spreadsheet program would run gets an apostrophe", () => {
  for (const text of ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]) {
    equal(escapeFormula(text), `'${text}`);
  }
  for (const text of ["", "Ama", "1+1", " =1", "a=b"]) equal(escapeFormula(text), text);
});

Deno.test("CSV quotes what needs it, escapes formulas and leaves numbers numbers", () => {
  const csv = toCsv([["a", 'say "x"', "b,c", "d\ne"], [
    1.5,
    -2,
    "-1234.50",
    null,
    undefined,
    true,
  ]]);
  equal(csv, 'a,"say ""x""","b,c","d\ne"\r\n1.5,-2,-1234.50,,,true\r\n');
  equal(toCsv([["-1+cmd|x", "=A1,B1"]]), `'-1+cmd|x,"'=A1,B1"\r\n`);
});

Deno.test("a number stays one however it is written, and a text that looks like one is guarded", () => {
  equal(toCsv([[-1.5e-7, -2e21, "-1.5e-7"]]), "-1.5e-7,-2e+21,'-1.5e-7\r\n");
});

Deno.test("what another program may take for the separator is quoted", () => {
  equal(toCsv([["areas"], ["Music; Sport"], ["a\tb"]]), 'areas\r\n"Music; Sport"\r\n"a\tb"\r\n');
});

Deno.test("a row whose only field is empty is no blank line, which readers skip", () => {
  equal(toCsv([["areas"], [null], ["Music"], [""]]), 'areas\r\n""\r\nMusic\r\n""\r\n');
  equal(toCsv([[null, null]]), ",\r\n");
});
