import assert from "node:assert/strict";
import type postgres from "postgres";
import {
  type BusinessHours,
  openAt,
  slowDeadline,
  slowMinutes,
  type Week,
} from "./support/business_time.ts";
import { withDatabase } from "./support/db.ts";
import { call, expectProblem, expectStatus } from "./support/http.ts";
import { addMember, newOrganization } from "./support/organization.ts";

interface Calendar {
  enabled: boolean;
  time_zone: string | null;
  week: Week | null;
  holidays: { date: string; name: string }[];
}

const none: Calendar = { enabled: false, time_zone: null, week: null, holidays: [] };
const hours: [string, string][] = [["09:00", "12:00"], ["13:00", "17:00"]];
const week: Week = { mon: hours, tue: hours, wed: hours, thu: hours, fri: hours, sat: [], sun: [] };

Deno.test("PUT /leads/calendar replaces the business hours, and GET gives what it takes", async () => {
  const { admin } = await newOrganization();
  const read = async () => expectStatus<Calendar>(await call(admin, "GET", "/leads/calendar"), 200);
  assert.deepEqual(await read(), none);
  const first: Calendar = {
    enabled: true,
    time_zone: "Europe/London",
    week,
    holidays: [{ date: "2026-12-25", name: "Christmas Day" }, { date: "2026-12-26", name: "" }],
  };
  const answer = await call(admin, "PUT", "/leads/calendar", {
    ...first,
    holidays: first.holidays.toReversed(),
  });
  assert.deepEqual(expectStatus(answer, 200), first);
  assert.deepEqual(await read(), first);
  const second: Calendar = {
    enabled: false,
    time_zone: null,
    week: { ...week, mon: [["10:00", "12:00"], ["12:00", "24:00"]], fri: [] },
    holidays: [{ date: "2026-12-25", name: "Christmas" }],
  };
  expectStatus(await call(admin, "PUT", "/leads/calendar", second), 200);
  assert.deepEqual(await read(), second);
  assert.deepEqual(
    expectStatus(await call(admin, "PUT", "/leads/calendar", await read()), 200),
    second,
  );
});

Deno.test("PUT /leads/calendar takes the calendar away when it gets nothing or no week", async () => {
  const { admin } = await newOrganization();
  for (const nothing of [{}, { week: null }, none]) {
    expectStatus(await call(admin, "PUT", "/leads/calendar", { week }), 200);
    assert.deepEqual(
      expectStatus(await call(admin, "PUT", "/leads/calendar", nothing), 200),
      none,
    );
  }
});

Deno.test("PUT /leads/calendar refuses what is no calendar, says where, and keeps the one there is", async () => {
  const { admin } = await newOrganization();
  const kept = expectStatus(await call(admin, "PUT", "/leads/calendar", { week }), 200);
  const day = (index: number) =>
    new Date(Date.now() + index * 86_400_000).toISOString().slice(0, 10);
  const holidays = (count: number) => Array.from({ length: count }, (_, i) => ({ date: day(i) }));
  const wrong: [string, unknown][] = [
    ["week", { week: {} }],
    ["week", { week: { mon: [] } }],
    ["week", { holidays: [{ date: "2026-12-25" }] }],
    ["week.mon.1", { week: { mon: [["09:00", "12:00"], ["11:00", "13:00"]] } }],
    ["week.mon.1", { week: { mon: [["09:00", "12:00"], ["09:00", "12:00"]] } }],
    ["week.tue.0", { week: { tue: [["12:00", "09:00"]] } }],
    ["week.tue.0", { week: { tue: [["09:00", "09:00"]] } }],
    ["week.tue.0.0", { week: { tue: [["24:00", "24:00"]] } }],
    ["week.tue.0.1", { week: { tue: [["09:00", "24:01"]] } }],
    ["week.tue.0.0", { week: { tue: [["9", "17:00"]] } }],
    ["week.tue.0", { week: { tue: [["09:00"]] } }],
    ["week", { week: { monday: [["09:00", "12:00"]] } }],
    ["time_zone", { week, time_zone: "Mars/Olympus" }],
    ["time_zone", { week, time_zone: "" }],
    ["holidays.0.date", { week, holidays: [{ date: "2026-02-30" }] }],
    ["holidays.1.date", { week, holidays: [{ date: "2026-12-25" }, { date: "2026-12-25" }] }],
    ["holidays", { week, holidays: holidays(1_001) }],
    ["holidays", { week, holidays: holidays(1_000) }],
    ["", { week, hours }],
  ];
  for (const [path, body] of wrong) {
    const problem = expectProblem(await call(admin, "PUT", "/leads/calendar", body), 422);
    assert(
      problem.errors?.some((error) => error.path === path),
      `${path}: ${JSON.stringify(problem)}`,
    );
  }
  assert.deepEqual(expectStatus(await call(admin, "GET", "/leads/calendar"), 200), kept);
});

Deno.test("PUT /leads/calendar is for those who configure, GET for those who read leads", async () => {
  const organization = await newOrganization();
  const counselor = await addMember(organization, "counselor");
  const operator = await addMember(organization, "operator");
  expectStatus(await call(counselor, "GET", "/leads/calendar"), 200);
  expectProblem(await call(counselor, "PUT", "/leads/calendar", { week }), 403);
  expectProblem(await call(operator, "GET", "/leads/calendar"), 403);
});

Deno.test("PUT /leads/calendar twice at once leaves one of the two, whole", async () => {
  const { admin } = await newOrganization();
  const calendars = ["06:00", "07:00", "08:00", "09:00"].map((from) => ({
    week: { mon: [[from, "12:00"]], tue: [[from, "12:00"]] },
    holidays: [{ date: "2026-12-25", name: from }],
  }));
  const answers = await Promise.all(
    calendars.map((calendar) => call(admin, "PUT", "/leads/calendar", calendar)),
  );
  answers.forEach((answer) => expectStatus(answer, 200));
  const left = expectStatus<Calendar>(await call(admin, "GET", "/leads/calendar"), 200);
  const from = left.holidays[0]?.name ?? "";
  assert.deepEqual(left.week?.["mon"], [[from, "12:00"]]);
  assert.deepEqual(left.week?.["tue"], [[from, "12:00"]]);
});

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

/** Pseudo-random numbers from a seed, so that a failure can be had again. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return ((state ^ (state >>> 12)) >>> 0) % sides;
  };
}

const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

function randomHours(roll: (sides: number) => number, [timeZone, day]: [string, string]) {
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
  const seed = Number(Deno.env.get("SEED") ?? crypto.getRandomValues(new Uint16Array(1))[0]);
  const roll = dice(seed);
  await withDatabase(async (sql) => {
    for (let round = 0; round < 45; round++) {
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
        const what = `seed ${seed}: ${minutes} minutes from ${new Date(start).toISOString()} in ${
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
