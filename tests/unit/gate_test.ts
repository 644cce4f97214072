import assert from "node:assert/strict";
import { createGate } from "../../supabase/functions/_shared/gate.ts";

/** A task that runs until it is let go. */
function task(begun: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  return {
    run: () => {
      begun.push(name);
      return promise;
    },
    end: () => resolve(name),
    fail: () => reject(new Error(name)),
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("as many tasks run as the gate is wide, and the others follow in their order", async () => {
  const gate = createGate(2, 60_000);
  const begun: string[] = [];
  const tasks = ["a", "b", "c", "d"].map((name) => task(begun, name));
  const answers = tasks.map(({ run }) => gate.run(run));
  await settled();
  assert.deepEqual(begun, ["a", "b"]);
  tasks[1]?.end();
  await settled();
  assert.deepEqual(begun, ["a", "b", "c"]);
  for (const { end } of tasks) end();
  assert.deepEqual(await Promise.all(answers), ["a", "b", "c", "d"]);
});

Deno.test("a task whose turn does not come in time is not begun, and takes no place", async () => {
  const gate = createGate(1, 20);
  const begun: string[] = [];
  const [first, late, next] = ["first", "late", "next"].map((name) => task(begun, name));
  assert.ok(first && late && next);
  const answer = gate.run(first.run);
  assert.equal(await gate.run(late.run), null);
  first.end();
  assert.equal(await answer, "first");
  next.end();
  assert.equal(await gate.run(next.run), "next");
  assert.deepEqual(begun, ["first", "next"]);
});

Deno.test("a task that fails gives its place to the next", async () => {
  const gate = createGate(1, 60_000);
  const begun: string[] = [];
  const [failing, next] = ["failing", "next"].map((name) => task(begun, name));
  assert.ok(failing && next);
  const failed = assert.rejects(gate.run(failing.run), /failing/);
  const answer = gate.run(next.run);
  failing.fail();
  await failed;
  next.end();
  assert.equal(await answer, "next");
});
