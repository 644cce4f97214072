import assert from "node:assert/strict";
import { assertQuick } from "../../support/quick.ts";
import { adminClient, stack } from "../stack_fixture.ts";

Deno.test("after a kill the stack starts again with every commit, and migrations are not run twice", async () => {
  const fixture = await stack();
  const { data } = await adminClient(fixture).auth.admin.createUser({
    email: `${crypto.randomUUID()}@stack.test`,
  });
  await fixture.end("SIGKILL");
  await fixture.restart();
  const found = await adminClient(fixture).auth.admin.getUserById(data.user?.id ?? "");
  assert.equal(found.error, null);
  const history = await fixture
    .sql`select version, name from supabase_migrations.schema_migrations`;
  assert.deepEqual([...history], [{ version: "20260101000000", name: "schema" }]);
});

Deno.test("the stack ends within five seconds and leaves no database behind", async () => {
  const fixture = await stack();
  const started = performance.now();
  await fixture.end("SIGTERM");
  assertQuick(started, 5_000, "the end");
  const { hostname, port } = new URL(fixture.status.db_url);
  await assert.rejects(
    Deno.connect({ hostname, port: Number(port) }),
    Deno.errors.ConnectionRefused,
  );
  await fixture.restart();
});
