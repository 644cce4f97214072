import assert from "node:assert/strict";
import { reportFault } from "../../supabase/functions/_shared/sentry.ts";

/** Reports a fault to a server of the test's own and gives what it got. */
async function reported(
  fault: unknown,
  answer = new Response("{}"),
): Promise<Request & { text(): Promise<string> }> {
  const got = Promise.withResolvers<Request>();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const text = await request.text();
      got.resolve(
        new Request(request.url, { method: "POST", headers: request.headers, body: text }),
      );
      return answer;
    },
  );
  const before = Deno.env.get("SENTRY_DSN");
  Deno.env.set("SENTRY_DSN", `http://public-key@127.0.0.1:${server.addr.port}/proxy/42`);
  try {
    reportFault(fault, { job: "send-emails", request_id: "r1", nothing: null });
    return await got.promise;
  } finally {
    if (before === undefined) Deno.env.delete("SENTRY_DSN");
    else Deno.env.set("SENTRY_DSN", before);
    await server.shutdown();
  }
}

Deno.test("a fault goes to Sentry as one envelope with its stack and tags", async () => {
  const request = await reported(new TypeError("nothing there"));
  assert.equal(new URL(request.url).pathname, "/proxy/api/42/envelope/");
  assert.match(request.headers.get("x-sentry-auth") ?? "", /sentry_key=public-key/);
  const [header, item, event] = (await request.text()).split("\n").map((line) => JSON.parse(line));
  assert.equal(item.type, "event");
  assert.equal(header.event_id, event.event_id);
  assert.deepEqual(event.tags, { job: "send-emails", request_id: "r1" });
  const [exception] = event.exception.values;
  assert.deepEqual([exception.type, exception.value], ["TypeError", "nothing there"]);
  assert.match(exception.stacktrace.frames.at(-1).filename, /sentry_test\.ts$/);
});

Deno.test("what is thrown without being an error, and a Sentry that refuses, throw nothing", async () => {
  const request = await reported("text", new Response("no", { status: 403 }));
  assert.match(await request.text(), /"value":"text"/);
});
