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

Deno.test("an owner never has all places, so another one finds one", async () => {
  const gate = createGate(4, 60_000, 2);
  const begun: string[] = [];
  const [a, b] = ["a", "b"].map((name) => task(begun, name));
  assert.ok(a && b);
  const answers = [a, a, a, a].map(({ run }) => gate.run(run, "greedy"));
  await settled();
  assert.deepEqual(begun, ["a", "a", "a"]);
  answers.push(gate.run(b.run, "modest"));
  await settled();
  assert.deepEqual(begun, ["a", "a", "a", "b"]);
  a.end();
  b.end();
  assert.deepEqual(await Promise.all(answers), ["a", "a", "a", "a", "b"]);
});

Deno.test("while others wait, an owner who has their share gets no further place", async () => {
  const gate = createGate(4, 60_000, 2);
  const begun: string[] = [];
  const greedy = ["a1", "a2", "a3", "a4"].map((name) => task(begun, name));
  const modest = ["b1", "b2"].map((name) => task(begun, name));
  const answers = [
    ...greedy.map(({ run }) => gate.run(run, "greedy")),
    ...modest.map(({ run }) => gate.run(run, "modest")),
  ];
  await settled();
  assert.deepEqual(begun, ["a1", "a2", "a3", "b1"]);
  greedy[0]?.end();
  await settled();
  assert.deepEqual(begun, ["a1", "a2", "a3", "b1", "b2"], "a4 came before b2");
  greedy[1]?.end();
  await settled();
  assert.equal(begun.at(-1), "a4", "nobody else waits any more");
  for (const { end } of [...greedy, ...modest]) end();
  assert.deepEqual(await Promise.all(answers), ["a1", "a2", "a3", "a4", "b1", "b2"]);
});

Deno.test("tasks without an owner are not limited", async () => {
  const gate = createGate(3, 60_000, 1);
  const begun: string[] = [];
  const tasks = ["a", "b", "c"].map((name) => task(begun, name));
  const answers = tasks.map(({ run }) => gate.run(run));
  await settled();
  assert.deepEqual(begun, ["a", "b", "c"]);
  for (const { end } of tasks) end();
  await Promise.all(answers);
});
