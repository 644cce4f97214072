import assert from "node:assert/strict";
import { database, withOwnDatabase } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { figuresOf, runImport } from "../support/legacy.ts";
import { newOrganization } from "../support/people.ts";
import { ours, US, withService } from "../support/sms_tower.ts";

Deno.test("imported replies reopen no conversation, are not unread, and notify nobody", async () => {
  const organization = await newOrganization(US);
  const { id, admin } = organization;
  const phones = ["+12125551000", "+12125551001"];
  for (const phone of phones) {
    await database()`insert into public.messages (organization_id, direction, to_number, from_number, body, encoding,
      segments, status, provider) values (${id}, 'inbound', ${ours}, ${phone}, 'Here', 'GSM-7', 1, 'received', 'twilio')`;
  }
  await database()`update public.conversations set assigned_to = ${admin.userId}, unread = 0
    where organization_id = ${id}`;
  await database()`update public.conversations set status = 'closed', closed_at = now()
    where organization_id = ${id} and phone = ${phones[0] ?? ""}`;
  await withService(async (old) => {
    for (const phone of [...phones, "+12125551002"]) {
      await old.message({ direction: "inbound", from_number: phone, body: "Long ago" });
    }
    const run = await runImport(old, "sms-tower", id);
    assert.equal(run.code, 0, run.output);
    assert.equal(figuresOf(run, "messages").brought, 3);
    const shown = expectStatus<
      { data: { phone: string; status: string; unread: number; last_preview: string }[] }
    >(await call(admin, "GET", "/conversations"), 200);
    assert.deepEqual(
      shown.data.map((c) => [c.phone, c.status, c.unread, c.last_preview]).sort(),
      [
        ["+12125551000", "closed", 0, "Here"],
        ["+12125551001", "open", 0, "Here"],
        ["+12125551002", "open", 0, "Long ago"],
      ],
    );
    const [notified] = await database()`
      select count(*)::int as n from public.notifications where organization_id = ${id}`;
    assert.equal(notified?.["n"], 0);
  });
});

const MONTH = "date_trunc('month', now() - interval '27 months')";

Deno.test("a month without a partition stops the import, and a rehearsal locks no table for its whole run", async () => {
  const organization = await newOrganization(US);
  await database()`update public.organizations set message_retention_months = 28 where id = ${organization.id}`;
  const [month] = await database().unsafe(
    `select 'messages_' || to_char(${MONTH}, 'YYYY_MM') as name`,
  );
  // A stack that is kept has it from the last time.
  await database().unsafe(`drop table if exists partitions.${month?.["name"]}`);
  await withService(async (old) => {
    await old.sql.unsafe(
      `insert into messages (direction, from_number, to_number, body, status, created_at)
      values ('outbound', '${ours}', '+12125551000', 'Hi', 'delivered', ${MONTH} + interval '1 day')`,
    );
    await withOwnDatabase({}, async (sql) => {
      await sql.begin(async (tx) => {
        // Writing goes on, attaching a partition waits.
        await tx`lock table public.messages in share update exclusive mode`;
        const run = await runImport(old, "sms-tower", organization.id);
        assert.equal(run.code, 1, run.output);
        assert.match(run.output, /The partition of messages of \d{4}-\d\d cannot be created/);
      });
    });
    const rehearsal = await runImport(old, "sms-tower", organization.id, { "dry-run": true });
    assert.equal(rehearsal.code, 0, rehearsal.output);
    assert.equal(figuresOf(rehearsal, "messages").brought, 1);
    const [made] = await database()`select to_regclass(${`partitions.${
      month?.["name"]
    }`}) is not null as there,
      (select count(*)::int from public.messages where organization_id = ${organization.id}) as messages`;
    assert.deepEqual({ ...made }, { there: true, messages: 0 }, "made before its transaction");
  });
});

Deno.test("a row that the database refused for no rule makes the two sides differ", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    await old.message({
      direction: "outbound",
      from_number: ours,
      to_number: "+12125551000",
      status: "sent",
      created_at: new Date(Date.now() + 400 * 86_400_000),
    });
    const run = await runImport(old, "sms-tower", organization.id);
    assert.equal(run.code, 1, run.output);
    assert.match(run.problems.join("\n"), /^messages,.*,row,.*no partition/m);
  });
});
