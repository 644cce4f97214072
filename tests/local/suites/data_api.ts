import assert from "node:assert/strict";
import type { SupabaseClient } from "@supabase/supabase-js";
import { signAccessToken } from "../../../local/tokens.ts";
import { until } from "../../support/wait.ts";
import { adminClient, anonymousClient, signedInPerson, stack } from "../stack_fixture.ts";

Deno.test("the Data API binds tables that got row level security after its first request", async () => {
  const fixture = await stack();
  const anonymous = anonymousClient(fixture);
  await anonymous.from("notes").select();
  await fixture.sql`create table public.late (id int)`;
  await fixture.sql`insert into public.late values (1)`;
  await fixture.sql`alter table public.late enable row level security`;
  const read = await readWhenKnown(() => anonymous.from("late").select());
  assert.deepEqual(read.data, []);
  const written = await anonymous.from("late").insert({ id: 2 });
  assert.equal(written.error?.code, "42501");
  assert.equal(written.status, 401);
});

/** The schema cache is renewed by a notification, which may come a moment later. */
async function readWhenKnown<T extends { error: { code: string } | null }>(
  read: () => PromiseLike<T>,
): Promise<T> {
  for (;;) {
    const answer = await read();
    if (answer.error?.code !== "PGRST205") return answer;
  }
}

Deno.test("a table that is made while the Data API reads the schema is found too", async () => {
  const fixture = await stack();
  const { sql } = fixture;
  const admin = adminClient(fixture);
  for (let turn = 0; turn < 10; turn++) {
    const [first, second] = [`first_${turn}`, `second_${turn}`];
    await sql`create table public.${sql(first)} (id int)`;
    const reading = admin.from(first).select().then();
    for (let wait = 0; wait < turn; wait++) await sql`select 1`;
    await sql`create table public.${sql(second)} (id int)`;
    await reading;
    await until(async () => (await admin.from(second).select()).error === null, {
      timeoutMs: 20_000,
      what: second,
    });
  }
});

Deno.test("the Data API leaves revoked privileges revoked", async () => {
  const fixture = await stack();
  const { client } = await signedInPerson(fixture);
  assert.equal((await anonymousClient(fixture).from("closed").select()).status, 401);
  const refused = await client.from("closed").select();
  assert.equal(refused.status, 403);
  assert.equal(refused.error?.code, "42501");
  const [privileges] = await fixture.sql`
    select has_table_privilege('anon', 'public.closed', 'select') as anonymous,
      has_table_privilege('authenticated', 'public.closed', 'insert') as authenticated`;
  assert.deepEqual({ ...privileges }, { anonymous: false, authenticated: false });
});

Deno.test("requests run under their own role", async () => {
  const fixture = await stack();
  const { client } = await signedInPerson(fixture);
  assert.equal((await client.rpc("who")).data, "authenticated");
  assert.equal((await anonymousClient(fixture).rpc("who")).data, "anon");
  assert.equal((await adminClient(fixture).rpc("who")).data, "service_role");
});

Deno.test("jsonb arrives as it was sent, in columns and in arguments", async () => {
  const fixture = await stack();
  const { client } = await signedInPerson(fixture);
  for (const details of [{ a: [1, { b: "ü" }] }, [1, "two"], "text", 3, null]) {
    const stored = await client.from("notes").insert({ body: "x", details }).select("details")
      .single();
    assert.deepEqual(stored.data?.details, details, JSON.stringify(stored.error));
  }
  const rows = Array.from({ length: 10_000 }, (_, number) => ({ number, name: `row ${number}` }));
  const counted = await client.rpc("count_rows", { rows });
  assert.equal(counted.data, rows.length, JSON.stringify(counted.error));
});

Deno.test("a body of 5 MB reaches a function whole", async () => {
  const fixture = await stack();
  const rows = Array.from({ length: 5_000 }, () => "x".repeat(1_000));
  assert.equal((await adminClient(fixture).rpc("count_rows", { rows })).data, rows.length);
});

Deno.test("triggers see the headers, method and path of an insert and of an rpc", async () => {
  const fixture = await stack();
  const { id, client } = await signedInPerson(fixture);
  const inserted = await client.from("notes").insert({ body: "table" }).select("id").single()
    .setHeader("x-request-id", "from-table").setHeader("x-forwarded-for", "203.0.113.9");
  const called = await client.rpc("add_note", { note: { body: "rpc" } }).setHeader(
    "x-request-id",
    "from-rpc",
  );
  const seen = await fixture.sql`
    select headers ->> 'x-request-id' as request, headers ->> 'x-forwarded-for' as client, method, path, user_id
    from private.requests where note_id = any (${[
    inserted.data?.id,
    called.data,
  ]}::uuid[]) order by path`;
  assert.deepEqual([...seen], [
    {
      request: "from-table",
      client: "203.0.113.9, 127.0.0.1",
      method: "POST",
      path: "/notes",
      user_id: id,
    },
    {
      request: "from-rpc",
      client: "127.0.0.1",
      method: "POST",
      path: "/rpc/add_note",
      user_id: id,
    },
  ]);
});

Deno.test("30 requests at a time of several people never show one the rows of another", async () => {
  const fixture = await stack();
  const people = await Promise.all(Array.from({ length: 4 }, () => signedInPerson(fixture)));
  for (const { client } of people) {
    await client.from("notes").insert([{ body: "a" }, { body: "b" }]);
  }
  const anonymous = anonymousClient(fixture);
  const ask = async (turn: number) => {
    const person = people[turn % 5];
    if (!person) {
      return assert.deepEqual((await anonymous.from("notes").select("owner_id")).data, []);
    }
    if (turn % 7 === 0) {
      assert.equal((await person.client.rpc("refuse", { code: "P0001" })).status, 400);
    }
    const { data, error } = await person.client.from("notes").select("owner_id");
    assert.deepEqual(
      data,
      [{ owner_id: person.id }, { owner_id: person.id }],
      JSON.stringify(error),
    );
  };
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 30 }, (_, turn) => ask(turn + round)));
  }
});

const statuses: Record<string, number> = {
  P0001: 400,
  PT409: 409,
  PT422: 422,
  "42501": 403,
  "23505": 409,
  "23503": 409,
  "23514": 400,
  "22023": 400,
  SB001: 400,
  "21000": 500,
  "40001": 500,
  "53400": 500,
  "55P03": 500,
  "57014": 500,
  "57P01": 503,
};
for (const [code, status] of Object.entries(statuses)) {
  Deno.test(`an error with SQLSTATE ${code} reaches the client with status ${status}`, async () => {
    const fixture = await stack();
    const { client } = await signedInPerson(fixture);
    const answer = await client.rpc("refuse", { code });
    const { code: got, message, details, hint } = answer.error ?? {};
    assert.deepEqual([answer.status, got, message, details, hint], [
      status,
      code,
      "refused",
      "the detail",
      "the hint",
    ]);
  });
}

Deno.test("an UPDATE without WHERE that pg-safeupdate refuses is the caller's mistake", async () => {
  const fixture = await stack();
  const message = "UPDATE requires a WHERE clause";
  const answer = await adminClient(fixture).rpc("refuse", { code: "21000", message });
  assert.deepEqual([answer.status, answer.error?.message], [400, message]);
});

Deno.test("a request has the time that hosted Supabase gives its role", async () => {
  const fixture = await stack();
  const { client } = await signedInPerson(fixture);
  const limits = async (caller: SupabaseClient) => (await caller.rpc("limits")).data;
  assert.deepEqual(await limits(client), { statement_timeout: "8s", lock_timeout: "8s" });
  assert.deepEqual(await limits(adminClient(fixture)), {
    statement_timeout: "8s",
    lock_timeout: "8s",
  });
  assert.deepEqual(await limits(anonymousClient(fixture)), {
    statement_timeout: "3s",
    lock_timeout: "8s",
  });
});

Deno.test("a function's own statement timeout counts, and its own lock timeout", async () => {
  const fixture = await stack();
  const { client } = await signedInPerson(fixture);
  const slow = await client.rpc("sleep_too_long");
  assert.deepEqual([slow.status, slow.error?.code], [500, "57014"]);
  await fixture.sql.begin(async (transaction) => {
    await transaction`lock table public.notes in row exclusive mode`;
    const locked = await adminClient(fixture).rpc("lock_notes");
    assert.deepEqual([locked.status, locked.error?.code], [500, "55P03"]);
  });
});

Deno.test("a token is refused as soon as it has run out, however often it was accepted", async () => {
  const fixture = await stack();
  const { id } = await signedInPerson(fixture);
  const now = Math.floor(Date.now() / 1_000);
  const claims = { sub: id, role: "authenticated", iat: now, exp: now + 3 };
  const token = await signAccessToken(claims);
  const ask = async () => {
    const headers = { apikey: fixture.status.publishable_key, authorization: `Bearer ${token}` };
    const answer = await fetch(`${fixture.status.api_url}/rest/v1/rpc/who`, { headers });
    return [answer.status, await answer.json()];
  };
  assert.deepEqual(await ask(), [200, "authenticated"]);
  assert.deepEqual(await ask(), [200, "authenticated"]);
  const [status, body] = await until(async () => {
    const answer = await ask();
    return answer[0] !== 200 && answer;
  }, { what: "the end of the token" });
  assert.deepEqual([status, body.code], [401, "PGRST303"]);
  const forged = `${token.slice(0, -4)}AAAA`;
  const answer = await fetch(`${fixture.status.api_url}/rest/v1/rpc/who`, {
    headers: { apikey: fixture.status.publishable_key, authorization: `Bearer ${forged}` },
  });
  assert.deepEqual([answer.status, (await answer.json()).code], [401, "PGRST301"]);
});

Deno.test("functions answer in the shapes of PostgREST", async () => {
  const fixture = await stack();
  const { client } = await signedInPerson(fixture);
  const { data: note } = await client.from("notes").insert({ body: "mine", amount: "10.50" })
    .select().single();
  assert.match(note?.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00$/);
  assert.equal(note?.amount, 10.5);
  assert.deepEqual((await client.rpc("as_object")).data, { a: [1, "b"] });
  assert.deepEqual((await client.rpc("pairs")).data, [{ number: 1, name: "one" }, {
    number: 2,
    name: "two",
  }]);
  assert.deepEqual((await client.rpc("my_notes")).data, [note]);
  assert.equal((await client.rpc("nothing")).status, 204);
});

Deno.test("one row that is not there is 406 PGRST116, or null where it may be missing", async () => {
  const fixture = await stack();
  const { client } = await signedInPerson(fixture);
  const single = await client.from("notes").select().single();
  assert.deepEqual([single.status, single.error?.code], [406, "PGRST116"]);
  assert.equal((await client.from("notes").select().maybeSingle()).data, null);
});

Deno.test("filters, order, ranges, counts and embedded rows work as in PostgREST", async () => {
  const fixture = await stack();
  const { client } = await signedInPerson(fixture);
  const base = Math.floor(Math.random() * 1e9);
  const { data: parent } = await client.from("notes").insert({ body: "Parent", number: base })
    .select("id").single();
  await client.from("notes").insert([
    { body: "child a", number: base + 1, parent_id: parent?.id, tags: ["x"] },
    { body: "Child, (b)", number: base + 2, parent_id: parent?.id, tags: ["x", "y"] },
    { body: "last", number: null, parent_id: null, tags: [] },
  ]);
  const numbers = (rows: { number: number | null }[] | null) =>
    rows?.map(({ number }) => number && number - base);
  const notes = () => client.from("notes").select("number");
  assert.deepEqual(
    numbers((await notes().gte("number", base + 1).lte("number", base + 2).order("number")).data),
    [
      1,
      2,
    ],
  );
  assert.deepEqual(numbers((await notes().in("number", [base, base + 2]).order("number")).data), [
    0,
    2,
  ]);
  assert.deepEqual(numbers((await notes().ilike("body", "child%").order("number")).data), [1, 2]);
  assert.deepEqual(numbers((await notes().eq("body", "Child, (b)")).data), [2]);
  assert.deepEqual(numbers((await notes().contains("tags", ["y"])).data), [2]);
  assert.deepEqual(
    numbers((await notes().or(`number.eq.${base},number.is.null`).order("number")).data),
    [0, null],
  );
  const sorted = await notes().order("number", { ascending: false, nullsFirst: true }).order("id");
  assert.deepEqual(numbers(sorted.data), [null, 2, 1, 0]);
  const page = await client.from("notes").select("number", { count: "exact" }).order("number")
    .range(1, 2);
  assert.deepEqual([numbers(page.data), page.count], [[1, 2], 4]);
  const embedded = await client.from("notes").select("parent:parent_id(body)").eq(
    "number",
    base + 1,
  ).single();
  assert.deepEqual(embedded.data, { parent: { body: "Parent" } });
});

Deno.test("a filter compares text as text, whatever it looks like, and booleans as booleans", async () => {
  const fixture = await stack();
  const { client } = await signedInPerson(fixture);
  const notes = () => client.from("notes").select("phone", { count: "exact" });
  for (
    const phone of ["+233201234567", "007", "1.50", "true", "null", '"q"', "12345678901234567890"]
  ) {
    await client.from("notes").insert({ body: "x", phone });
    assert.deepEqual((await notes().eq("phone", phone)).data, [{ phone }]);
    // What is quoted within a list or a tree, the client has to escape itself.
    if (phone.startsWith('"')) continue;
    assert.deepEqual((await notes().in("phone", [phone, "none"])).data, [{ phone }]);
    assert.deepEqual((await notes().or(`phone.eq.${phone},phone.eq.none`)).data, [{ phone }]);
  }
  await client.from("notes").insert({ body: "a, (b)", pinned: true });
  assert.equal((await notes().eq("pinned", true)).count, 1);
  assert.equal((await notes().eq("pinned", false)).count, 7);
  assert.equal((await notes().or("pinned.eq.true,number.eq.-1")).count, 1);
  assert.equal((await notes().or('body.ilike."%A, (B%",number.eq.-1')).count, 1);
});

Deno.test("other paths are 404 with a JSON body, and preflights are answered", async () => {
  const { status } = await stack();
  const missing = await fetch(`${status.api_url}/studio`);
  assert.equal(missing.status, 404);
  assert.equal(typeof (await missing.json()).message, "string");
  const preflight = await fetch(`${status.api_url}/rest/v1/notes`, {
    method: "OPTIONS",
    headers: { origin: "https://app.test", "access-control-request-headers": "x-request-id" },
  });
  await preflight.body?.cancel();
  assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
  assert.equal(preflight.headers.get("access-control-allow-headers"), "x-request-id");
  const page = await fetch(`${status.api_url}/docs`);
  assert.match(await page.text(), /openapi\.json/);
});
