import assert from "node:assert/strict";
import type postgres from "postgres";
import { type BusinessHours, openAt, slowDeadline, slowMinutes } from "../support/business_time.ts";
import { withDatabase } from "../support/db.ts";
import { type Dice, dice, SEED, tries } from "../support/dice.ts";
import { newOrganization } from "../support/people.ts";

/** Zones and the day of a change of their clocks: by an hour, by half an hour, at midnight, backwards, and of the date. */
const changes: [string, string][] = [
  ["America/New_York", "2026-03-08"],
  ["America/New_York", "2026-11-01"],
  ["Europe/London", "2025-03-30"],
  ["Europe/London", "2025-10-26"],
  ["Australia/Lord_Howe", "2024-10-06"],
  ["Australia/Lord_Howe", "2024-04-07"],
  ["America/Havana", "2018-03-11"],
  ["America/Havana", "2018-11-04"],
  ["America/Santiago", "2019-09-08"],
  ["America/Santiago", "2019-04-07"],
  ["Africa/Casablanca", "2022-03-27"],
  ["Europe/Dublin", "2020-10-25"],
  ["Asia/Kathmandu", "2026-06-01"],
  ["Africa/Accra", "2026-11-20"],
  ["Pacific/Apia", "2011-12-30"],
];

const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

function randomHours(roll: Dice, [timeZone, day]: [string, string]) {
  const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map((name) => {
    const marks = new Set(
      Array.from(
        { length: 2 * roll(4) },
        () => roll(3) === 0 ? roll(1441) : 5 * roll(roll(2) === 0 ? 49 : 289),
      ),
    );
    const edges = [...marks].sort((a, b) => a - b).map(clock);
    const periods = edges.flatMap((from, i): [string, string][] => {
      const until = edges[i + 1];
      return i % 2 === 0 && until !== undefined ? [[from, until]] : [];
    });
    return [name, periods];
  });
  const near = (offset: number) =>
    new Date(Date.parse(day) + offset * 86_400_000).toISOString().slice(0, 10);
  const holidays = new Set(Array.from({ length: roll(4) }, () => near(roll(12) - 3)));
  return { timeZone, week: Object.fromEntries(days), holidays: [...holidays] };
}

async function store(sql: postgres.Sql, organization: string, hours: BusinessHours) {
  await sql`delete from public.calendars where organization_id = ${organization}`;
  await sql`
    insert into public.calendars (organization_id, time_zone) values (${organization}, ${hours.timeZone})`;
  await sql`
    insert into public.calendar_periods (organization_id, weekday, opens, closes)
    select ${organization}, w.weekday, w.opens, w.closes from private.week_periods(${
    sql.json(hours.week)
  }) w`;
  await sql`
    insert into public.calendar_holidays (organization_id, day)
    select ${organization}, d::date from unnest(${hours.holidays}::text[]) d`;
}

const searchDays = 16;

Deno.test("Deadlines and working minutes equal those counted minute by minute, in any zone, across any change of clocks", async () => {
  const { id } = await newOrganization();
  const roll = dice(SEED);
  await withDatabase(async (sql) => {
    for (let round = 0; round < tries(15, 300); round++) {
      const change = changes[round % changes.length] ?? ["UTC", "2026-01-01"];
      const hours = randomHours(roll, change);
      if (Object.values(hours.week).every((periods) => (periods as unknown[]).length === 0)) {
        continue;
      }
      await store(sql, id, hours);
      const isOpen = openAt(hours);
      for (let i = 0; i < 4; i++) {
        const start = Date.parse(change[1]) + (roll(4 * 1440) - 2 * 1440) * 60_000;
        const end = start + roll(5 * 1440) * 60_000;
        const minutes = [0, roll(10), roll(300), roll(2_000)][i] ?? 0;
        const [found] = await sql`
          select extract(epoch from private.deadline_after(${id}, ${new Date(
          start,
        )}, ${minutes})) * 1000 as deadline,
            private.working_minutes_between(${id}, ${new Date(start)}, ${new Date(
          end,
        )}) as minutes`;
        const what = `SEED=${SEED}: ${minutes} minutes from ${new Date(start).toISOString()} in ${
          JSON.stringify(hours)
        }`;
        const slow = slowDeadline(isOpen, start, minutes, searchDays);
        const fast = found?.deadline === null ? null : Number(found?.deadline);
        if (slow === null) {
          assert(fast === null || fast > start + searchDays * 86_400_000, what);
        } else {
          assert.equal(fast, slow, what);
        }
        assert.equal(
          Number(found?.minutes),
          slowMinutes(isOpen, start, end),
          `${what}, until ${new Date(end).toISOString()}`,
        );
      }
    }
  });
});
