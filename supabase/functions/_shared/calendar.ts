import { z } from "./zod.ts";

const From = z.string().regex(/^([01][0-9]|2[0-3]):[0-5][0-9]$/, "is not a time such as 09:00");
const Until = z.string().regex(
  /^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/,
  "is not a time such as 17:00; the end of the day is 24:00",
);
const Day = z.array(z.tuple([From, Until])).max(24).default([]).openapi({
  description: "Opening periods: start, end (24:00 is the end of the day)",
  example: [["09:00", "12:00"], ["13:00", "17:00"]],
});

const Week = z.strictObject({
  mon: Day,
  tue: Day,
  wed: Day,
  thu: Day,
  fri: Day,
  sat: Day,
  sun: Day,
});

const Holiday = z.strictObject({
  date: z.iso.date().openapi({ example: "2026-12-25" }),
  name: z.string().trim().max(200).default("").openapi({ example: "Christmas Day" }),
});

/** An organization's business hours. */
export const Calendar = z.strictObject({
  enabled: z.boolean().openapi({
    description: "Whether deadlines count these hours; otherwise they count wall-clock time",
  }),
  time_zone: z.string().max(100).nullable().openapi({
    description: "Time zone of the hours; null: the organization's",
    example: "Africa/Accra",
  }),
  week: Week.nullable().openapi({ description: "null: the organization has no calendar" }),
  holidays: z.array(Holiday).max(1_000),
}).openapi("LeadCalendar");

/** What replaces them; what is left out has its default. */
export const NewCalendar = z.strictObject({
  enabled: Calendar.shape.enabled.default(true),
  time_zone: Calendar.shape.time_zone.default(null),
  week: Calendar.shape.week.default(null),
  holidays: Calendar.shape.holidays.default([]),
}).refine(({ week, holidays }) => week !== null || holidays.length === 0, {
  path: ["week"],
  message: "is required with holidays",
}).openapi("NewLeadCalendar");
