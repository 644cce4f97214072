import assert from "node:assert/strict";
import type postgres from "postgres";
import { type Case, fastWindow } from "../support/contact_window.ts";
import { withDatabase } from "../support/db.ts";
import { dice, pick, SEED, tries } from "../support/dice.ts";
import { MINUTE, type Rows, rowsOf, slowWindow, wall } from "../support/slow_contact_window.ts";

/** Zones of which PostgreSQL and Intl know the same: their releases of the time-zone database may differ. */
async function agreedZones(sql: postgres.Sql, zones: string[]): Promise<Set<string>> {
  const moments = Array.from(
    { length: 60 },
    (_, n) => new Date(Date.UTC(2026, 11, 15) + n * 7 * 24 * 60 * MINUTE),
  );
  const agreed = new Set<string>();
  for (const zone of zones) {
    const [row] =
      await sql`select array_agg(to_char(at at time zone ${zone}, 'YYYY-MM-DD HH24:MI:00') order by at) as walls
      from unnest(${moments.map((at) => at.toISOString())}::timestamptz[]) at`;
    const ours = moments.map((at) => wall(zone, at.getTime())).map(({ day, time }) =>
      `${day} ${time}`
    );
    if (JSON.stringify(row?.["walls"]) === JSON.stringify(ours)) agreed.add(zone);
  }
  return agreed;
}

const statedZones = [
  "America/New_York",
  "America/St_Johns",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "America/Santiago",
  "Europe/London",
  "Asia/Beirut",
  "Pacific/Chatham",
];
const quietHours: ([string, string] | null)[] = [
  null,
  ["21:00", "08:00"],
  ["20:00", "10:00"],
  ["01:30", "03:00"],
  ["12:00", "13:30"],
  ["00:00", "09:15"],
  ["02:30", "01:30"],
];
/** The days on which clocks change in 2027, where one looks more often. */
const changes = [
  "2027-03-13T12:00Z",
  "2027-11-06T12:00Z",
  "2027-03-27T12:00Z",
  "2027-10-30T12:00Z",
  "2027-04-03T00:00Z",
  "2027-10-02T00:00Z",
  "2027-09-04T12:00Z",
];

/** One area code for each set of zones and each region, so that no place is left to chance. */
function everyPlace(rows: Rows): string[] {
  const places = new Map(
    [...rows.areaCodes].map(([code, { country, region, time_zones }]) => [
      `${country} ${region} ${time_zones}`,
      code,
    ]),
  );
  return [...places.values()];
}

function randomCase(rows: Rows, roll: (sides: number) => number): Case {
  const codes = [...rows.areaCodes.keys()];
  const regions = [...rows.regions.keys()].map((key) => key.split("|"));
  const [country, region] = roll(3) === 0
    ? pick(roll, regions)
    // Countries alone: they may be the number's or contradict it.
    : roll(3) === 0
    ? [pick(roll, ["US", "CA", "GH", "AU", "BR", "XX"]), null]
    : [null, null];
  const start = roll(3) === 0
    ? new Date(pick(roll, changes)).getTime() + roll(36 * 60) * MINUTE
    : Date.UTC(2027, 0, 1) + roll(365 * 24 * 60) * MINUTE;
  return {
    category: roll(8) === 0 ? "service" : "marketing",
    phone: roll(8) === 0
      ? pick(roll, [
        "+233244000001",
        "+61491570156",
        "+5511981234567",
        "+77012345678",
        "+8835100012345",
      ])
      : `+1${roll(25) === 0 ? "500" : pick(roll, codes)}5550100`,
    country: country ?? null,
    region: region || null,
    stated: roll(4) === 0 ? pick(roll, statedZones) : null,
    quiet: pick(roll, quietHours),
    home: pick(roll, ["Africa/Accra", "America/New_York", "America/Los_Angeles"]),
    at: new Date(start),
  };
}

Deno.test("over all zones and a year, the same as reading the rows minute by minute", async () => {
  const roll = dice(SEED);
  await withDatabase(async (sql) => {
    const rows = await rowsOf(sql);
    const known = new Set([
      ...[...rows.areaCodes.values()].flatMap((code) => code.time_zones),
      ...[...rows.regions.values()].flat(),
      ...["GH", "AU", "BR", "CA", "US", "KZ"].flatMap((country) =>
        rows.countries.get(country) ?? []
      ),
      ...statedZones,
    ]);
    const agreed = await agreedZones(sql, [...known]);
    assert.ok(
      agreed.size >= known.size - 3,
      `the clocks agree about ${agreed.size} of ${known.size} zones`,
    );
    const places = everyPlace(rows);
    const cases = tries(100, 1_500);
    for (let tried = 0; tried < places.length + cases; tried++) {
      const place = places[tried];
      const wanted: Case = {
        ...randomCase(rows, roll),
        // Each place once, by its area code alone, then any.
        ...place &&
          { category: "marketing", phone: `+1${place}5550100`, country: null, region: null },
      };
      // Service messages at the hour that comes twice: see the test above, which holds them to what was.
      if (wanted.category === "service" && wanted.quiet && wanted.quiet[0] !== "21:00") continue;
      const slow = slowWindow(rows, wanted);
      if (slow.zone.split(",").some((zone) => known.has(zone) && !agreed.has(zone))) continue;
      const fast = await fastWindow(sql, wanted);
      assert.deepEqual(
        { ...fast },
        slow,
        `SEED=${SEED}, case ${tried}: ${JSON.stringify(wanted)}`,
      );
    }
  });
});
