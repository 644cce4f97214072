import assert from "node:assert/strict";
import { Failure } from "../../local/failure.ts";
import { createPart } from "../../local/workers/start.ts";

const createFailing = () =>
  createPart<{ startsWith: "success" | "failure" }, string>(
    "The part",
    import.meta.resolve("./fixtures/failing_part.ts"),
  );

Deno.test("a part that ends unexpectedly is a failure that names it and its reason", async () => {
  const part = createFailing();
  assert.equal(await part.start({ startsWith: "success" }), "up");
  await assert.rejects(part.failed, (error) => {
    assert.ok(error instanceof Failure);
    assert.match(error.message, /^The part ended: .*broken in the middle/);
    return true;
  });
  await part.stop();
});

Deno.test("a part that cannot start says why", async () => {
  const part = createFailing();
  await assert.rejects(
    part.start({ startsWith: "failure" }),
    /^Failure: The part did not start: no start today$/,
  );
  await part.stop();
});

Deno.test("a part that was never started ends all the same", async () => {
  await createFailing().stop();
});
