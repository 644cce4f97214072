import assert from "node:assert/strict";
import { until } from "../../support/wait.ts";
import { stack } from "../stack_fixture.ts";

Deno.test("SQL reaches a function with the secret key, after its transaction commits", async () => {
  const { sql, status } = await stack();
  const [queued] = await sql`select private.invoke('echo/job', '{"n": 1}') as id`;
  const [response] = await until(async () => {
    const rows =
      await sql`select status_code, content from net._http_response where id = ${queued?.id}`;
    return rows.length > 0 && rows;
  }, { what: "the response" });
  const { path, body, apikey } = JSON.parse(response?.content);
  assert.deepEqual([response?.status_code, path, JSON.parse(body), apikey], [
    200,
    "/echo/job",
    { n: 1 },
    status.secret_key,
  ]);
});

Deno.test("a request that is rolled back is never made", async () => {
  const { sql } = await stack();
  await sql.begin(async (transaction) => {
    await transaction`select private.invoke('echo/never', '{}')`;
    throw new Error("undo");
  }).catch(() => {});
  const [queued] = await sql`select private.invoke('echo/after', '{}') as id`;
  await until(
    async () => (await sql`select 1 from net._http_response where id = ${queued?.id}`).length > 0,
    {
      what: "the later request",
    },
  );
  const never = await sql`select 1 from net._http_response where content like '%/echo/never%'`;
  assert.equal(never.length, 0);
});

Deno.test("a connection that fails is recorded with its reason", async () => {
  const { sql } = await stack();
  const [queued] = await sql`select net.http_get('http://127.0.0.1:9/') as id`;
  const [response] = await until(async () => {
    const rows =
      await sql`select status_code, error_msg from net._http_response where id = ${queued?.id}`;
    return rows.length > 0 && rows;
  }, { what: "the failure" });
  assert.deepEqual([response?.status_code, response?.error_msg], [
    null,
    "Couldn't connect to server",
  ]);
});

Deno.test("a cron job runs as its owner and records success and failure", async () => {
  const { sql } = await stack();
  const [good] = await sql`select cron.schedule('good', '1 seconds', 'select current_user') as id`;
  const [bad] = await sql`select cron.schedule('bad', '1 seconds', 'select 1 / 0') as id`;
  const run = (id: string) =>
    until(async () => {
      const [details] = await sql`
        select username, status, return_message from cron.job_run_details
        where jobid = ${id} and end_time is not null limit 1`;
      return details;
    }, { what: "a run" });
  assert.deepEqual(await run(good?.id), {
    username: "postgres",
    status: "succeeded",
    return_message: "1 row",
  });
  assert.deepEqual(await run(bad?.id), {
    username: "postgres",
    status: "failed",
    return_message: "ERROR:  division by zero\n",
  });
  await sql`select cron.unschedule('good'), cron.unschedule('bad')`;
});

Deno.test("a cron job finds its connection as if it was new, and one that ends it harms no other", async () => {
  const { sql } = await stack();
  await sql`create table public.cron_marks (work_mem text, held boolean)`;
  await sql`select cron.schedule('leaves', '1 seconds',
    $$insert into public.cron_marks select current_setting('work_mem'), exists (
        select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid());
      set work_mem = '64kB'; select pg_advisory_lock(4711)$$)`;
  await until(async () => (await sql`select 1 from public.cron_marks`).length >= 2, {
    what: "two runs",
  });
  const [killer] = await sql`
    select cron.schedule('ends', '1 seconds', 'select pg_terminate_backend(pg_backend_pid())') as id`;
  await until(async () =>
    (await sql`
      select 1 from cron.job_run_details where jobid = ${killer?.id} and status = 'failed'`)
      .length >= 2, {
    what: "two runs that ended their connections",
  });
  await sql`select cron.unschedule('ends')`;
  const { length: seen } = await sql`select 1 from public.cron_marks`;
  await until(async () => (await sql`select 1 from public.cron_marks`).length > seen, {
    what: "a run after that",
  });
  await sql`select cron.unschedule('leaves')`;
  const marks = await sql`select distinct work_mem, held from public.cron_marks`;
  assert.deepEqual([...marks], [{ work_mem: "4MB", held: false }]);
});

Deno.test("cron refuses a schedule it cannot read and a job it does not know", async () => {
  const { sql } = await stack();
  const codeOf = (query: Promise<unknown>) => query.then(() => null, (error) => error.code);
  assert.equal(await codeOf(sql`select cron.schedule('wrong', 'every day', 'select 1')`), "22023");
  assert.equal(await codeOf(sql`select cron.schedule('wrong', '60 seconds', 'select 1')`), "22023");
  assert.equal(await codeOf(sql`select cron.unschedule('unknown')`), "P0001");
});

Deno.test("the API roles can use neither cron nor Vault", async () => {
  const { sql } = await stack();
  for (const role of ["anon", "authenticated"]) {
    for (
      const query of [
        "select cron.schedule('* * * * *', 'select 1')",
        "select * from vault.decrypted_secrets",
      ]
    ) {
      const code = await sql.begin(async (transaction) => {
        await transaction.unsafe(`set local role ${role}`);
        await transaction.unsafe(query);
      }).then(() => null, (error) => error.code);
      assert.equal(code, "42501", `${role}: ${query}`);
    }
  }
});
