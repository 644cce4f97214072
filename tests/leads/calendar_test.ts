import assert from "node:assert/strict";
import type { Week } from "../support/business_time.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, newOrganization } from "../support/people.ts";

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
