import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { FileFormat, RunStatus, Spreadsheet } from "./run_schemas.ts";

const Frequency = z.enum(["daily", "weekdays", "weekly", "monthly"]).openapi({
  description: "weekdays: Monday to Friday; weekly: on `weekdays`; monthly: on `month_day`",
});
const Time = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/).openapi({
  description: "Local time. One that a clock change skips is as long after the gap; one that " +
    "comes twice is the first.",
  example: "07:30",
});
const Weekdays = z.array(z.int().min(1).max(7)).max(7).openapi({
  description: "1 is Monday (ISO 8601)",
  example: [1],
});
const MonthDay = z.int().min(1).max(31).nullable().openapi({
  description: "In shorter months the last day",
});
const Recipients = z.array(z.email().max(254)).min(1).max(50).openapi({
  description: "Members, or others where the organization allows links for them",
});

const fields = {
  frequency: Frequency,
  time: Time,
  recipients: Recipients,
  format: FileFormat,
  spreadsheet: Spreadsheet.optional(),
  weekdays: Weekdays.optional(),
  month_day: MonthDay.optional(),
  time_zone: z.string().max(100).optional().openapi({
    description: "IANA; the organization's when left out",
    example: "Africa/Accra",
  }),
  on_empty: z.enum(["send", "skip"]).optional().openapi({
    description: "Whether a run without records is mailed (send)",
  }),
};

export const ScheduleInput = z.strictObject({ report_id: Id, ...fields })
  .openapi("ReportScheduleInput");

export const ScheduleChange = z.strictObject({
  ...fields,
  status: z.enum(["active", "paused"]),
}).partial().openapi("ReportScheduleChange");

export const Schedule = z.object({
  id: Id,
  report_id: Id,
  report_name: z.string(),
  owner_id: Id.nullable().openapi({ description: "Whose rights each run has" }),
  owner_name: z.string().nullable(),
  frequency: Frequency,
  weekdays: Weekdays,
  month_day: MonthDay,
  time: Time,
  time_zone: z.string(),
  format: z.string(),
  spreadsheet: z.string().nullable().openapi({
    description: "Of the format sheets: the address of the spreadsheet",
  }),
  on_empty: z.enum(["send", "skip"]),
  status: z.enum(["active", "paused"]),
  pause_reason: z.string().nullable().openapi({
    description: "by_person, report_deleted, report_changed, or why its last run was refused",
  }),
  next_run: Timestamp.nullable().openapi({ description: "null while paused" }),
  recipients: z.array(z.string()),
  outside_recipients: z.int().openapi({ description: "Those of them without an account" }),
  last_run: z.object({
    id: Id,
    status: RunStatus,
    scheduled_for: Timestamp.nullable(),
    reason: z.string().nullable(),
  }).nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
}).openapi("ReportSchedule");

/** The result of `private.report_schedule_json` as the API's schedule. */
export function toSchedule(row: unknown): z.infer<typeof Schedule> {
  const schedule = Schedule.parse(row);
  return {
    ...schedule,
    next_run: isoTime(schedule.next_run),
    created_at: isoTime(schedule.created_at),
    updated_at: isoTime(schedule.updated_at),
    last_run: schedule.last_run && {
      ...schedule.last_run,
      scheduled_for: isoTime(schedule.last_run.scheduled_for),
    },
  };
}
