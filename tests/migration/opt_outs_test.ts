import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { AUTH_SCHEMA, type OldDatabase, runImport, withOldDatabase } from "../support/legacy.ts";
import { newOrganization, type Organization } from "../support/people.ts";
import { suppressed, US, withService } from "../support/sms_tower.ts";

const numbers = (...ends: number[]): string[] => ends.map((end) => `+1212555${1000 + end}`);

async function importInto({ id }: Organization, old: OldDatabase, kind = "sms-tower") {
  const run = await runImport(old, kind, id);
  assert.equal(run.code, 0, run.output);
  return run;
}

Deno.test("of flags, statuses and times that contradict each other, the one that forbids counts", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    await old.sql`alter table leads add dnc boolean, add phone_number text, add sms_status text,
      add unsubscribed text, add consent_status text, add dnc_status text`;
    const rows: Record<string, unknown>[] = [
      { opted_out: false, dnc: true },
      { unsubscribed: "Y" },
      { unsubscribed: "on" },
      { status: "new", sms_status: "Opted Out" },
      { status: "Do not contact" },
      { opted_out: false, opt_out_at: "2024-05-01" },
      { metadata: old.sql.json({ doNotContact: "yes" }) },
      { tags: ["vip", "DNC"] },
      { phone: null, phone_number: "2125551008", opted_out: true },
      { consent_status: "Consent revoked", opted_out: false },
      { consent_status: "withdrawn" },
      { dnc_status: "Y" },
      // Nobody of these opted out.
      {
        unsubscribed: "No",
        sms_status: "not opted out",
        consent_status: "active",
        dnc_status: "clear",
      },
      { status: "withdrawn" },
      { status: "not on DNC", tags: ["Portland NC"] },
      { metadata: old.sql.json({ opted_out: false, dnc: null, note: "stop by on Monday" }) },
      { phone: null, opted_out: true },
    ];
    for (const [end, row] of rows.entries()) {
      await old.lead({ phone: `212555${1000 + end}`, ...row });
    }
    await importInto(organization, old);
    assert.deepEqual(await suppressed(organization), numbers(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
  });
});

Deno.test("a text refused with 21610 is an opt-out, whichever column has the code", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    await old.sql`alter table messages add twilio_error_code int`;
    const refused = { direction: "outbound", status: "failed", to_number: "+12125551000" };
    await old.message({ ...refused, error_code: "30003", twilio_error_code: 21610 });
    await old.message({ ...refused, to_number: "+12125551001", error_code: "121610" });
    await importInto(organization, old);
    assert.deepEqual(await suppressed(organization), numbers(0));
  });
});

Deno.test("a suppression that is active counts although it was lifted once", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    await old.sql`alter table suppressions add lifted_at timestamptz`;
    await old.sql`insert into suppressions (phone_number, is_active, created_at, lifted_at) values
      ('2125551000', true, '2024-01-01', '2024-02-01'), ('2125551001', null, '2024-03-01', '2024-02-01'),
      ('2125551002', null, '2024-01-01', '2024-02-01'), ('2125551003', false, '2024-01-01', null)`;
    await importInto(organization, old);
    assert.deepEqual(await suppressed(organization), numbers(0, 1));
  });
});

const LEADS = `${AUTH_SCHEMA}
create table profiles (id uuid primary key, full_name text, role text);
create table users (id uuid primary key, email text, role text);
create table leads (id uuid primary key default gen_random_uuid(), name text default 'Kojo', phone text, phone_number text,
  country text, status text default 'new', stage text, custom_fields jsonb default '{}', created_at timestamptz default now());`;

Deno.test("other services' leads that opted out are suppressed, with their country and by each of their numbers", async () => {
  for (const kind of ["onlyai-crm", "lead-tool"]) {
    const organization = await newOrganization();
    await withOldDatabase(LEADS, async (old) => {
      await old.sql`insert into leads (phone, phone_number, country, stage, custom_fields) values
        ('212 555 1000', '', 'US', 'do_not_contact', '{}'), ('', '+12125551001', null, null, '{"Opted Out": "x"}'),
        ('+12125551002', '+12125551003', null, 'DNC', '{}'), ('+12125551004', null, null, 'new', '{}')`;
      await importInto(organization, old, kind);
      assert.deepEqual(await suppressed(organization), numbers(0, 1, 2, 3), kind);
    });
  }
});

Deno.test("opt-outs that may not be read stop the import, also where the step is optional", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    await old.sql`alter table leads rename column phone to handy`;
    const run = await runImport(old, "sms-tower", organization.id);
    assert.equal(run.code, 1);
    assert.match(run.output, /Step lead_opt_outs: no column for phone/);
    await old.sql`alter table leads rename column handy to phone`;
    await old.sql`alter table campaign_targets rename column lead_id to contact`;
    const other = await runImport(old, "sms-tower", organization.id);
    assert.equal(other.code, 1);
    assert.match(other.output, /Step target_opt_outs: .*lead_id.*--mapping/);
  });
});

Deno.test("opt-outs without an id of their own stop the import", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    await old
      .sql`alter table suppressions drop constraint suppressions_pkey, alter id drop not null`;
    await old.sql`insert into suppressions (id, phone_number) values
      (1, '2125551000'), (1, '2125551001'), (null, '2125551002'), (2, '2125551003')`;
    const run = await runImport(old, "sms-tower", organization.id);
    assert.equal(run.code, 1, run.output);
    assert.match(run.output, /Step suppressions: 2 rows have no id of their own/);
    assert.deepEqual(await suppressed(organization), []);
  });
});

Deno.test("each number of a cell is an opt-out, and a number with other words in it stops the import", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    await old.sql`insert into suppressions (phone_number) values
      (E'(212) 555-1000, 212.555.1001\n+1 212 555 1002'), ('2125551003 (wife)')`;
    await importInto(organization, old);
    assert.deepEqual(await suppressed(organization), numbers(0, 1, 2, 3));
    for (
      const text of ["212 555 1004 since 2023", "2125551005 2125551006", "2125551007, see notes"]
    ) {
      const [row] = await old
        .sql`insert into suppressions (phone_number) values (${text}) returning id`;
      const run = await runImport(old, "sms-tower", organization.id);
      assert.equal(run.code, 3, `${text}: ${run.output}`);
      await old.sql`delete from suppressions where id = ${row?.["id"]}`;
    }
    await importInto(organization, old);
  });
});

Deno.test("contacts that were here before the import are suppressed by their last nine digits too", async () => {
  const organization = await newOrganization({ country: "GH" });
  await database()`insert into public.customers (organization_id, name, account_number, phone, status, currency)
    values (${organization.id}, 'Ada', 'A-1', '+12125551000', 'connected', 'GHS')`;
  const marketing = { organization_id: organization.id, phone: "+12125551000", source: "manual" };
  await database()`insert into public.suppressions ${
    database()([{ ...marketing, scope: "marketing", lifted_at: null }, {
      ...marketing,
      scope: "all",
      lifted_at: new Date(),
    }])
  }`;
  await withService(async (old) => {
    await old.sql`insert into suppressions (phone_number) values ('212 555 1000')`;
    await importInto(organization, old);
    assert.deepEqual(await suppressed(organization), ["+12125551000"]);
    await database()`update public.suppressions set lifted_at = now()
      where organization_id = ${organization.id} and scope = 'all' and lifted_at is null`;
    await importInto(organization, old);
    assert.deepEqual(await suppressed(organization), [], "what a person lifts stays lifted");
    await old.sql`insert into suppressions (phone_number) values ('212-555-1000')`;
    await importInto(organization, old);
    assert.deepEqual(await suppressed(organization), ["+12125551000"], "a new opt-out counts");
  });
});

Deno.test("an opt-out of many lines is kept, and STOP outweighs a START without a time or at the same time", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    const at = new Date(Date.now() - 86_400_000);
    const say = (end: number, body: string, created_at: Date | null) =>
      old.message({ direction: "inbound", from_number: `+1212555${1000 + end}`, body, created_at });
    await say(0, `STOP\nplease\u0007 ${"\u{1F6D1}".repeat(120)}`, at);
    await say(1, "STOP", at);
    await say(1, "START", at);
    await say(2, "STOP", at);
    await say(2, "START", null);
    await say(3, "STOP", null);
    await importInto(organization, old);
    assert.deepEqual(await suppressed(organization), numbers(0, 1, 2, 3));
    const [first] = await counts(organization);
    await importInto(organization, old);
    assert.deepEqual(await counts(organization), [first], "twice is once");
  });
});

const counts = async ({ id }: Organization) =>
  (await database()`select (select count(*)::int from public.suppressions where organization_id = ${id}) as suppressions,
    (select count(*)::int from public.consents where organization_id = ${id}) as consents`)
    .map((row) => ({ ...row }));

Deno.test("texts of short codes stop the import only if they may be opt-outs, and not after they were taken out", async () => {
  const organization = await newOrganization(US);
  await withService(async (old) => {
    const bill = { direction: "inbound", from_number: "72345", body: "Your bill is ready" };
    await old.message(bill);
    await importInto(organization, old);
    const stop = await old.message({ ...bill, body: "STOP" });
    const run = await runImport(old, "sms-tower", organization.id);
    assert.equal(run.code, 3, run.output);
    assert.match(run.problems.join("\n"), /replies,.*,phone,72345,.*STOP/);
    await old.sql`delete from messages where id = ${stop}`;
    await importInto(organization, old);
  });
});
