import assert from "node:assert/strict";
import { isProblem, SignalboxError } from "../../client/src/mod.ts";
import { withClient } from "../support/client.ts";
import { database } from "../support/db.ts";
import { newOrganization } from "../support/people.ts";

/** `fetch` whose answers to these requests are made up; null: the request goes through and its answer is lost. */
function failing(matches: (request: Request) => boolean, answers: (Response | null)[]) {
  const seen: Request[] = [];
  const fetcher = async (input: RequestInfo | URL): Promise<Response> => {
    const request = input instanceof Request ? input : new Request(input);
    if (!matches(request)) return await fetch(request);
    seen.push(request);
    const answer = answers.shift();
    if (answer === undefined) return await fetch(request);
    if (answer !== null) return answer;
    await (await fetch(request)).body?.cancel();
    throw new TypeError("connection reset");
  };
  return { fetcher: fetcher as typeof fetch, seen };
}

const isPost = (path: string) => (request: Request) =>
  request.method === "POST" && request.url.endsWith(path);

Deno.test("a lead is created once although the first answer is lost", async () => {
  const { id, admin } = await newOrganization();
  const { fetcher, seen } = failing(isPost("/leads"), [null]);
  await withClient(admin, async ({ api }) => {
    const { data } = await api.POST("/leads", { body: { first_name: "Once" } });
    assert.equal(data?.first_name, "Once");
  }, { fetch: fetcher });
  assert.equal(seen.length, 2);
  assert.equal(seen[0]?.headers.get("idempotency-key"), seen[1]?.headers.get("idempotency-key"));
  const [count] =
    await database()`select count(*)::int as leads from public.leads where organization_id = ${id}`;
  assert.equal(count?.["leads"], 1);
});

Deno.test("429 is repeated after what Retry-After says, 500 after a moment, 422 not at all", async () => {
  const { admin } = await newOrganization();
  const busy = new Response("{}", { status: 429, headers: { "retry-after": "1" } });
  const { fetcher, seen } = failing(
    (request) => request.method === "GET" && request.url.endsWith("/tasks"),
    [busy, new Response("", { status: 502 })],
  );
  await withClient(admin, async ({ api }) => {
    const started = Date.now();
    const { data } = await api.GET("/tasks");
    assert.equal(data?.total, 0);
    assert.equal(seen.length, 3);
    assert.ok(Date.now() - started >= 1_000, "it waited as long as it was told");
    const calls = seen.length;
    await assert.rejects(
      api.POST("/leads", { body: { email: "not an address" } }),
      (error) =>
        isProblem(error, "invalid_field") && error.status === 422 &&
        error.errors[0]?.path === "email",
    );
    assert.equal(seen.length, calls);
  }, { fetch: fetcher });
});

Deno.test("409 of a first attempt that is still running is repeated, any other 409 is not", async () => {
  const { admin } = await newOrganization();
  const refused = (code: string) =>
    Response.json({ code, title: "Conflict", status: 409, detail: code }, {
      status: 409,
      headers: { "retry-after": "0" },
    });
  const { fetcher, seen } = failing(isPost("/leads"), [
    refused("idempotency_in_progress"),
    refused("idempotency_in_progress"),
  ]);
  await withClient(admin, async ({ api }) => {
    const { data } = await api.POST("/leads", { body: { first_name: "Slow" } });
    assert.equal(data?.first_name, "Slow");
  }, { fetch: fetcher });
  assert.equal(new Set(seen.map(({ headers }) => headers.get("idempotency-key"))).size, 1);
  assert.equal(seen.length, 3);

  const other = failing(isPost("/leads"), [refused("duplicate_lead")]);
  await withClient(admin, async ({ api }) => {
    await assert.rejects(
      api.POST("/leads", { body: { first_name: "Known" } }),
      (error) => isProblem(error, "duplicate_lead"),
    );
  }, { fetch: other.fetcher });
  assert.equal(other.seen.length, 1);
});

Deno.test("what is not safe to repeat fails at once", async () => {
  const { admin } = await newOrganization();
  const { fetcher, seen } = failing(isPost("/preview"), [new Response("", { status: 502 })]);
  await withClient(admin, async ({ api }) => {
    await assert.rejects(
      api.POST("/campaigns/{id}/preview", { params: { path: { id: crypto.randomUUID() } } }),
      (error) =>
        error instanceof SignalboxError && error.status === 502 && error.code === "unknown",
    );
  }, { fetch: fetcher });
  assert.equal(seen.length, 1);
});

Deno.test("a list gives every item once, however small its pages and whatever is added meanwhile", async () => {
  const { id, admin } = await newOrganization();
  await database()`insert into public.leads (organization_id, first_name)
    select ${id}, 'Lead ' || n from generate_series(1, 25) n`;
  await withClient(admin, async ({ list }) => {
    const names: string[] = [];
    for await (const lead of list("/leads", { sort: "-created_at" }, 10)) {
      names.push(lead.first_name);
      if (names.length === 5) {
        await database()`insert into public.leads (organization_id, first_name) values (${id}, 'New')`;
      }
    }
    assert.equal(new Set(names).size, names.length);
    assert.equal(names.filter((name) => name.startsWith("Lead ")).length, 25);
  });
});

Deno.test("a timeline is read to its end, each entry once", async () => {
  const { id, admin } = await newOrganization();
  const [lead] = await database()`
    insert into public.leads (organization_id, first_name) values (${id}, 'Long') returning id`;
  await database()`insert into public.interactions (organization_id, lead_id, type, body, occurred_at)
    select ${id}, ${lead?.["id"]}, 'note', 'Note ' || n, now() - make_interval(mins => n)
    from generate_series(1, 7) n`;
  await withClient(admin, async ({ list }) => {
    const kinds: string[] = [];
    for await (
      const entry of list("/leads/{id}/timeline", {}, 3, { id: String(lead?.["id"]) })
    ) kinds.push(entry.kind);
    assert.equal(kinds.filter((kind) => kind === "interaction").length, 7);
    assert.equal(kinds.length, 8);
  });
});

Deno.test("a person of several organizations names one", async () => {
  const [first, second] = [await newOrganization(), await newOrganization({ name: "Second" })];
  await database()`select private.add_member(${second.id}, ${first.admin.userId}, private.role_id(${second.id}, 'admin'))`;
  await withClient(first.admin, async (signalbox) => {
    const { data } = await signalbox.withOrganization(second.id).api.GET("/auth/me");
    assert.equal(data?.organization?.id, second.id);
  });
});
