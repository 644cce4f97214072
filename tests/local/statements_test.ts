import assert from "node:assert/strict";
import { splitStatements } from "../../local/database/statements.ts";

Deno.test("a script is split at its semicolons, not at those in strings, comments and bodies", () => {
  const script = `-- one; two
create table a (t text default 'x;''y');

create function f() returns int language plpgsql as $body$
begin
  return 1; -- ;
end $body$;
/* ; */ select ";" from a; select e'\\';';`;
  assert.deepEqual(splitStatements(script).map(({ line, text }) => [line, text.slice(0, 12)]), [
    [2, "create table"],
    [4, "create funct"],
    [8, 'select ";" f'],
    [8, "select e'\\';"],
  ]);
});

Deno.test("an empty script has no statements", () => {
  assert.deepEqual(splitStatements(" -- nothing\n;\n"), []);
});
