import assert from "node:assert/strict";
import { functionNames, wholeDocument } from "../../tools/openapi_document.ts";
import { eventsPath } from "../../tools/openapi_webhooks.ts";
import { operationsOf, writtenDocument } from "../support/document.ts";
import { call, expectStatus } from "../support/http.ts";
import { newOrganization } from "../support/people.ts";
import { webhooksPath } from "../support/webhooks.ts";
import { functionUrl, stackUnderTest } from "../support/stack.ts";

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(functionUrl(path), { headers });

/** What only jobs and providers call. */
const internal = ["jobs", "report-jobs", "webhooks"];

async function writtenExamples(): Promise<Record<string, unknown>> {
  const file = new URL("../../docs/api_examples.json", import.meta.url);
  return JSON.parse(await Deno.readTextFile(file));
}

Deno.test("The written document is that of the whole API", async () => {
  assert.deepEqual(
    await writtenDocument(),
    JSON.parse(JSON.stringify(await wholeDocument())),
    "run `deno task openapi`",
  );
});

Deno.test("The document describes every event of the catalogue, as the API lists them", async () => {
  const { admin } = await newOrganization();
  const answer = await call(admin, "GET", `${webhooksPath}/events`);
  const { data } = expectStatus<{ data: { type: string }[] }>(answer, 200);
  const written = await Deno.readTextFile(new URL(`../../${eventsPath}`, import.meta.url));
  assert.deepEqual(JSON.parse(written), data, "run `deno task types`");
  const { webhooks } = await writtenDocument();
  const types = [...data.map(({ type }) => type), "objects.changed", "webhook.test"];
  assert.deepEqual(Object.keys(webhooks), types);
});

Deno.test("GET /docs/openapi.json is the written document without what only jobs and providers call", async () => {
  const written = await writtenDocument();
  const paths = Object.entries(written.paths)
    .filter(([path]) => !internal.includes(path.split("/")[1] ?? ""));
  const served = await (await get("/docs/openapi.json")).json();
  assert.deepEqual(served, { ...written, paths: Object.fromEntries(paths) });
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

Deno.test("Every function answers /health to anybody, and /openapi.json if people call it", async () => {
  assert(functionNames().length > 0);
  for (const name of functionNames()) {
    const health = await get(`/${name}/health`);
    const answer = await health.json();
    // The admin's console has a route of this name, for admins.
    if (name === "admin") assert.equal(health.status, 401);
    else assert.deepEqual([health.status, answer.status], [200, "ok"], name);
    const document = await get(`/${name}/openapi.json`);
    const body = await document.json();
    if (internal.includes(name)) assert([401, 404].includes(document.status), name);
    else assert.deepEqual([document.status, body.openapi], [200, "3.1.0"], name);
  }
});

Deno.test("GET /health says whether the database answers, and which version runs", async () => {
  const answer = await call(null, "GET", "/health");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.deepEqual(answer.body, {
    status: "ok",
    checks: { database: "ok" },
    version: "1.0.0",
  });
});

Deno.test("Operations have ids of their own, tags that are described, and documented refusals", async () => {
  const document = await writtenDocument();
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

/** Answered to jobs only, or too large to be shown. */
const withoutExample = (path: string): boolean =>
  internal.includes(path.split("/")[1] ?? "") || path === "/docs/openapi.json";

Deno.test("Every operation that answers JSON, or nothing to a JSON body, has an example of a stack", async () => {
  const examples = await writtenExamples();
  const document = await writtenDocument();
  const missing = operationsOf(document).filter(({ path, method }) => {
    const { requestBody, responses } = document.paths[path]?.[method.toLowerCase()] ?? {};
    const successes = Object.entries(responses ?? {}).filter(([status]) => status.startsWith("2"));
    const answersJson = successes.some(([, { content }]) => content?.["application/json"]);
    const sendsJson = requestBody?.content["application/json"] !== undefined;
    return (answersJson || sendsJson) && !withoutExample(path) &&
      !(`${method} ${path}` in examples);
  });
  assert.deepEqual(
    missing.map(({ method, path }) => `${method} ${path}`),
    [],
    "record them: see tools/api_examples.ts",
  );
});

Deno.test("Every example belongs to an operation, and none has an address or a secret of a test", async () => {
  const known = operationsOf(await writtenDocument()).map(({ method, path }) =>
    `${method} ${path}`
  );
  for (const [operation, example] of Object.entries(await writtenExamples())) {
    assert(known.includes(operation), operation);
    const text = JSON.stringify(example);
    assert.doesNotMatch(text, /127\.0\.0\.1|localhost|signalbox\.test|whsec_\w|eyJ\w/, operation);
    assert.doesNotMatch(text, /[?&]token=(?!…)/, operation);
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
