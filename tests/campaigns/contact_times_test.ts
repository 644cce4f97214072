import assert from "node:assert/strict";
import { type Case, fastWindow } from "../support/contact_window.ts";
import { withDatabase } from "../support/db.ts";

const plain: Omit<Case, "phone" | "at"> = {
  category: "marketing",
  country: null,
  region: null,
  stated: null,
  quiet: null,
  home: "Africa/Accra",
};

/** Asserts when a marketing text to this number may go out and must have arrived. */
async function expectWindow(
  wanted: Partial<Case> & { phone: string },
  at: string,
  sends: string | null,
  closes: string | null,
) {
  await withDatabase(async (sql) => {
    const found = await fastWindow(sql, { ...plain, ...wanted, at: new Date(at) });
    const told = (moment: Date | null) => moment?.toISOString().slice(0, 16) ?? null;
    const utc = (moment: string | null) => moment && new Date(moment).toISOString().slice(0, 16);
    assert.deepEqual(
      [told(found.sends_at), told(found.closes_at)],
      [utc(sends), utc(closes)],
      `${wanted.phone} at ${at}, in zone ${found.zone}`,
    );
  });
}

Deno.test("in Florida nothing arrives from 8 in the evening until 8 in the morning", async () => {
  const phone = "+13055550100";
  await expectWindow(
    { phone },
    "2027-07-15T19:59-04:00",
    "2027-07-15T19:59-04:00",
    "2027-07-15T20:00-04:00",
  );
  await expectWindow(
    { phone },
    "2027-07-15T20:00-04:00",
    "2027-07-16T08:00-04:00",
    "2027-07-16T20:00-04:00",
  );
});

Deno.test("the federal window holds where a state has none of its own", async () => {
  const phone = "+14045550100";
  await expectWindow(
    { phone },
    "2027-07-15T07:59-04:00",
    "2027-07-15T08:00-04:00",
    "2027-07-15T21:00-04:00",
  );
  await expectWindow(
    { phone },
    "2027-07-15T21:00-04:00",
    "2027-07-16T08:00-04:00",
    "2027-07-16T21:00-04:00",
  );
});

Deno.test("in Texas Sunday begins at noon", async () => {
  const phone = "+12145550100";
  await expectWindow(
    { phone },
    "2027-07-18T11:59-05:00",
    "2027-07-18T12:00-05:00",
    "2027-07-18T21:00-05:00",
  );
  await expectWindow(
    { phone },
    "2027-07-18T12:00-05:00",
    "2027-07-18T12:00-05:00",
    "2027-07-18T21:00-05:00",
  );
  await expectWindow(
    { phone },
    "2027-07-17T10:00-05:00",
    "2027-07-17T10:00-05:00",
    "2027-07-17T21:00-05:00",
  );
});

Deno.test("before a law takes effect it does not bind", async () => {
  const phone = "+15035550100";
  await expectWindow(
    { phone },
    "2025-12-31T20:30-08:00",
    "2025-12-31T20:30-08:00",
    "2025-12-31T21:00-08:00",
  );
  await expectWindow(
    { phone },
    "2026-01-02T20:30-08:00",
    "2026-01-03T08:00-08:00",
    "2026-01-03T20:00-08:00",
  );
});

Deno.test("in Alabama nothing arrives on a Sunday or a holiday", async () => {
  const phone = "+12055550100";
  await expectWindow(
    { phone },
    "2027-07-18T13:00-05:00",
    "2027-07-19T08:00-05:00",
    "2027-07-19T20:00-05:00",
  );
  // Confederate Memorial Day, a Monday: from Saturday evening until Tuesday.
  await expectWindow(
    { phone },
    "2027-04-24T20:00-05:00",
    "2027-04-27T08:00-05:00",
    "2027-04-27T20:00-05:00",
  );
  // Christmas 2027 is a Saturday, observed on Friday.
  await expectWindow(
    { phone },
    "2027-12-23T20:00-06:00",
    "2027-12-27T08:00-06:00",
    "2027-12-27T20:00-06:00",
  );
});

Deno.test("in Rhode Island the day ends at 6, Saturday at 5, and Sunday has none", async () => {
  const phone = "+14015550100";
  await expectWindow(
    { phone },
    "2027-07-16T18:00-04:00",
    "2027-07-17T10:00-04:00",
    "2027-07-17T17:00-04:00",
  );
  await expectWindow(
    { phone },
    "2027-07-17T17:00-04:00",
    "2027-07-19T09:00-04:00",
    "2027-07-19T18:00-04:00",
  );
});

Deno.test("Arizona keeps its clock all year, its neighbours do not", async () => {
  for (const date of ["2027-01-15", "2027-07-15"]) {
    await expectWindow(
      { phone: "+14805550100" },
      `${date}T05:00-07:00`,
      `${date}T08:00-07:00`,
      `${date}T21:00-07:00`,
    );
  }
  await expectWindow(
    { phone: "+13035550100" },
    "2027-07-15T05:00-06:00",
    "2027-07-15T08:00-06:00",
    "2027-07-15T21:00-06:00",
  );
});

Deno.test("an area code with two zones opens in the later and closes in the earlier", async () => {
  await expectWindow(
    { phone: "+18505550100" },
    "2027-07-15T04:00-04:00",
    "2027-07-15T08:00-05:00",
    "2027-07-15T20:00-04:00",
  );
});

Deno.test("a toll-free number may be anywhere from New York to Hawaii", async () => {
  await expectWindow(
    { phone: "+18005550100" },
    "2027-07-15T04:00-04:00",
    "2027-07-15T08:00-10:00",
    "2027-07-15T21:00-04:00",
  );
});

Deno.test("a number of an unknown area code may be anywhere in the continental states", async () => {
  await expectWindow(
    { phone: "+15005550100" },
    "2027-07-15T04:00-04:00",
    "2027-07-15T08:00-07:00",
    "2027-07-15T21:00-04:00",
  );
});

Deno.test("the address decides, not the area code", async () => {
  const miami = { phone: "+13055550100" };
  const evening = "2027-07-15T20:30-07:00";
  const open = "2027-07-15T21:00-07:00";
  await expectWindow({ ...miami, country: "US", region: "CA" }, evening, evening, open);
  await expectWindow({ ...miami, country: "US", region: "California" }, evening, evening, open);
  await expectWindow({ ...miami, country: "US", region: "us-ca " }, evening, evening, open);
  await expectWindow({ ...miami, region: "CA" }, evening, evening, open);
  // And against the zone that the lead states.
  await expectWindow(
    { ...miami, country: "US", region: "CA", stated: "America/New_York" },
    evening,
    evening,
    open,
  );
});

Deno.test("the stated zone decides before the area code, and the area code's state still binds", async () => {
  await expectWindow(
    { phone: "+13055550100", stated: "America/Los_Angeles" },
    "2027-07-15T19:30-07:00",
    "2027-07-15T19:30-07:00",
    "2027-07-15T20:00-07:00",
  );
});

Deno.test("Canada has hours of its own", async () => {
  const phone = "+14165550100";
  await expectWindow(
    { phone },
    "2027-07-15T21:15-04:00",
    "2027-07-15T21:15-04:00",
    "2027-07-15T21:30-04:00",
  );
  await expectWindow(
    { phone },
    "2027-07-17T09:00-04:00",
    "2027-07-17T10:00-04:00",
    "2027-07-17T18:00-04:00",
  );
});

Deno.test("the organization's quiet hours hold on the recipient's clock, besides the law", async () => {
  const quiet: [string, string] = ["18:00", "10:00"];
  await expectWindow(
    { phone: "+12125550100", quiet, home: "America/Los_Angeles" },
    "2027-07-15T18:00-04:00",
    "2027-07-16T10:00-04:00",
    "2027-07-16T18:00-04:00",
  );
});

Deno.test("a country that is not the area code's cancels neither its hours nor its own", async () => {
  const miami = { phone: "+13055550100" };
  // A Ghanaian office's default: in Florida until 8 in the evening, and not at night in Accra.
  await expectWindow(
    { ...miami, country: "GH" },
    "2027-07-15T20:30-04:00",
    "2027-07-16T08:00-04:00",
    "2027-07-16T21:00Z",
  );
  // Anywhere in Canada, and in Florida.
  await expectWindow(
    { ...miami, country: "CA" },
    "2027-07-15T21:15-04:00",
    "2027-07-16T09:00-07:00",
    "2027-07-16T20:00-04:00",
  );
});

Deno.test("outside North America the quiet hours hold where the lead is", async () => {
  const accra = { phone: "+233244000001", home: "America/Los_Angeles" };
  const quiet: [string, string] = ["21:00", "08:00"];
  for (const stated of [null, "Africa/Accra", "Africa/Abidjan"]) {
    await expectWindow(
      { ...accra, quiet, stated },
      "2027-07-15T20:59-07:00",
      "2027-07-16T08:00Z",
      "2027-07-16T21:00Z",
    );
  }
  await expectWindow(accra, "2027-07-15T22:00Z", "2027-07-15T22:00Z", null);
  // Anywhere in Australia, unless the lead states the zone.
  const sydney = { phone: "+61491570156", quiet };
  await expectWindow(
    sydney,
    "2027-07-15T12:00Z",
    "2027-07-16T08:00+06:30",
    "2027-07-16T21:00+10:30",
  );
  await expectWindow(
    { ...sydney, stated: "Australia/Melbourne" },
    "2027-07-15T12:00Z",
    "2027-07-16T08:00+10:00",
    "2027-07-16T21:00+10:00",
  );
});

Deno.test("for service messages the organization's own clock counts", async () => {
  const quiet: [string, string] = ["21:00", "08:00"];
  await expectWindow(
    { phone: "+12125550100", quiet, category: "service" },
    "2027-07-15T03:00Z",
    "2027-07-15T08:00Z",
    "2027-07-15T21:00Z",
  );
  await expectWindow(
    { phone: "+12125550100", category: "service" },
    "2027-07-15T03:00Z",
    "2027-07-15T03:00Z",
    null,
  );
});

Deno.test("what never opens has no moment", async () => {
  const quiet: [string, string] = ["07:00", "06:00"];
  await expectWindow({ phone: "+12125550100", quiet }, "2027-07-15T12:00Z", null, null);
});

Deno.test("a service message waits exactly as long as before", async () => {
  await withDatabase(async (sql) => {
    const [row] = await sql`
      select count(*)::int as wrong
      from (values ('Europe/London'), ('America/New_York'), ('Asia/Kolkata'), ('America/Santiago')) z (zone),
        (values ('21:00', '08:00'), ('01:30', '02:30'), ('00:00', '07:00'), ('12:00', '13:00')) q (starts, ends),
        generate_series(timestamptz '2027-01-01', '2027-12-31', '7 hours 13 minutes') at,
        jsonb_populate_record(null::public.organizations, jsonb_build_object('time_zone', zone, 'quiet_hours_start', starts,
          'quiet_hours_end', ends)) o,
        private.contact_window(o, 'service', '+12125550100', null, null, null, at) w
      where w.sends_at is distinct from private.next_sending_time(o, at) or w.closes_at <= w.sends_at`;
    assert.equal(row?.["wrong"], 0);
  });
});

Deno.test("every zone in the rows is one that the database knows", async () => {
  await withDatabase(async (sql) => {
    const unknown = await sql`
      select zone from (select unnest(time_zones) as zone from private.area_codes
        union select unnest(time_zones) from private.region_zones
        union select unnest(time_zones) from private.country_zones) z
      where not private.is_time_zone(zone) or zone not in (select name from pg_timezone_names)`;
    assert.deepEqual([...unknown], []);
  });
});
