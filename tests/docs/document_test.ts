import assert from "node:assert/strict";
import { documentPath, functionNames, wholeDocument } from "../../tools/openapi_document.ts";
import { fetchDocument, operationsOf } from "../support/document.ts";
import { functionUrl, stackUnderTest } from "../support/stack.ts";

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(functionUrl(path), { headers });

Deno.test("GET /docs/openapi.json is the written document of the whole API, and that is fresh", async () => {
  const served = await fetchDocument();
  assert.deepEqual(served, JSON.parse(await Deno.readTextFile(documentPath)));
  assert.deepEqual(
    served,
    JSON.parse(JSON.stringify(await wholeDocument())),
    "run `deno task openapi`",
  );
});

Deno.test("GET /docs/openapi.json is sent once to who keeps its ETag", async () => {
  const first = await get("/docs/openapi.json");
  await first.body?.cancel();
  const etag = first.headers.get("etag") ?? "";
  assert.match(etag, /^"[0-9a-f]{16}"$/);
  assert.match(first.headers.get("cache-control") ?? "", /max-age/);
  for (const sent of [etag, `W/${etag}`, `"other", ${etag}`]) {
    const again = await get("/docs/openapi.json", { "if-none-match": sent });
    assert.equal(again.status, 304, sent);
    assert.equal(await again.text(), "");
  }
});

Deno.test("Every function answers /health and /openapi.json to anybody", async () => {
  const [first] = functionNames();
  assert(first);
  for (const name of functionNames()) {
    const health = await get(`/${name}/health`);
    assert.equal(health.status, 200, name);
    assert.equal((await health.json()).status, "ok");
    const document = await get(`/${name}/openapi.json`);
    assert.equal(document.status, 200, name);
    assert.equal((await document.json()).openapi, "3.1.0");
  }
});

Deno.test("GET /health says whether the database answers, and which version runs", async () => {
  const answer = await get("/health");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.deepEqual(await answer.json(), {
    status: "ok",
    checks: { database: "ok" },
    version: "1.0.0",
  });
});

Deno.test("Operations have ids of their own, tags that are described, and documented refusals", async () => {
  const document = await fetchDocument();
  const operations = operationsOf(document);
  const ids = operations.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, "no id twice");
  const described = new Set(document.tags.map(({ name }) => name));
  for (const { id, tags, responses } of operations) {
    assert(
      tags.length > 0 && tags.every((tag) => described.has(tag)),
      `${id} has a described tag: ${tags}`,
    );
    assert(responses.some((status) => status.startsWith("4")), `${id} documents a refusal`);
  }
});

Deno.test("The local stack shows the reference in a browser", async () => {
  const { api_url } = stackUnderTest();
  const page = await (await fetch(`${api_url}/docs`)).text();
  assert(page.includes("/functions/v1/docs/openapi.json"));
  const script = await fetch(`${api_url}/docs/scalar.js`);
  await script.body?.cancel();
  assert.equal(script.status, 200);
});
