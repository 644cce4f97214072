import assert from "node:assert/strict";
import { callProvider } from "../../supabase/functions/_shared/messaging/provider_http.ts";

interface Seen {
  length: string | null;
  body: string;
}

/** A provider that refuses bodies without Content-Length with `refusal`, and what it was sent. */
function pickyProvider(refusal: () => Response) {
  const seen: Seen[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const length = request.headers.get("content-length");
      seen.push({ length, body: await request.text() });
      return length === null ? refusal() : Response.json({ sid: "SM1" }, { status: 201 });
    },
  );
  return { seen, url: `http://127.0.0.1:${server.addr.port}`, stop: () => server.shutdown() };
}

const post = (baseUrl: string) =>
  callProvider({ baseUrl, timeoutMs: 5_000 }, "/Messages.json", {
    headers: { authorization: "Basic x" },
    body: "To=%2B233244000001&Body=Hi+😀",
  });

for (
  const [what, refusal] of [
    ["411", () => new Response("Length Required", { status: 411 })],
    ["501", () => new Response("Not Implemented", { status: 501 })],
    [
      "a 400 that names the length",
      () => Response.json({ message: "Missing Content-Length header" }, { status: 400 }),
    ],
    [
      "a 400 that names the encoding",
      () => new Response("Transfer-Encoding: chunked is not supported", { status: 400 }),
    ],
  ] as const
) {
  Deno.test(`a provider that refuses chunks with ${what} gets the body once more with its length, and so from then on`, async () => {
    const provider = pickyProvider(refusal);
    try {
      for (let i = 0; i < 2; i++) {
        const answer = await post(provider.url);
        assert.equal(answer.kind === "answer" && answer.status, 201);
      }
      assert.deepEqual(provider.seen.map(({ length }) => length !== null), [false, true, true]);
      assert(provider.seen.every(({ body }) => body === "To=%2B233244000001&Body=Hi+😀"));
    } finally {
      await provider.stop();
    }
  });
}

Deno.test("any other refusal is an answer and nothing is repeated", async () => {
  for (const status of [400, 401, 404, 429, 500, 503]) {
    const provider = pickyProvider(() => Response.json({ message: "no" }, { status }));
    try {
      const answer = await post(provider.url);
      assert.equal(answer.kind === "answer" && answer.status, status);
      assert.equal(provider.seen.length, 1, `status ${status}`);
    } finally {
      await provider.stop();
    }
  }
});

Deno.test("a plain body is sent once although the connection is cut, and a provider that is away was never reached", async () => {
  let requests = 0;
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const serving = (async () => {
    for await (const connection of listener) {
      const bytes = new Uint8Array(4_096);
      await connection.read(bytes);
      requests++;
      const chunked = new TextDecoder().decode(bytes).toLowerCase().includes("chunked");
      if (chunked) {
        await connection.write(
          new TextEncoder().encode(
            "HTTP/1.1 411 Length Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
          ),
        );
      }
      connection.close();
    }
  })();
  const { port } = listener.addr as Deno.NetAddr;
  const url = `http://127.0.0.1:${port}`;
  try {
    const cut = await post(url);
    assert.deepEqual(
      [cut.kind, cut.kind === "none" && cut.neverSent, requests],
      ["none", false, 2],
    );
    await post(url);
    assert.equal(requests, 3);
  } finally {
    listener.close();
    await serving;
  }
  const away = await post(url);
  assert.deepEqual([away.kind, away.kind === "none" && away.neverSent], ["none", true]);
});

Deno.test("both attempts together take no longer than one may", async () => {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const isPlain = request.headers.get("content-length") !== null;
      await new Promise((resolve) => setTimeout(resolve, isPlain ? 3_000 : 600));
      return new Response("Length Required", { status: 411 });
    },
  );
  const began = Date.now();
  const answer = await callProvider(
    { baseUrl: `http://127.0.0.1:${server.addr.port}`, timeoutMs: 1_000 },
    "/Messages.json",
    { headers: {}, body: "To=1" },
  );
  const took = Date.now() - began;
  await server.shutdown();
  assert.equal(answer.kind === "none" && answer.code, "timeout");
  assert.ok(took < 1_500, `${took} ms`);
});
