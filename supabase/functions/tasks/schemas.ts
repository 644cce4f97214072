import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { isMultiline, isPlain, multilineMessage, plainMessage } from "../_shared/plain_text.ts";
import { Version } from "../_shared/version.ts";

export const Status = z.enum(["open", "in_progress", "done", "canceled"]);
export const Priority = z.enum(["low", "normal", "high"]);

export const Task = z.object({
  id: Id,
  version: z.int().openapi({ description: "Raised by every change", example: 1 }),
  lead_id: Id.nullable(),
  lead_name: z.string().nullable().openapi({
    description: "null without a lead or if the caller may not see the lead",
    example: "Ama Mensah",
  }),
  title: z.string().openapi({ example: "Send the brochure" }),
  description: z.string().nullable(),
  status: Status,
  priority: Priority,
  due_at: Timestamp.nullable(),
  overdue: z.boolean(),
  remind_minutes_before: z.int().nullable().openapi({ example: 30 }),
  remind_at: Timestamp.nullable().openapi({ description: "null: no reminder, or already sent" }),
  assigned_to: Id.nullable(),
  assigned_to_name: z.string().nullable(),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  completed_at: Timestamp.nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
}).openapi("Task");

/** A due time, or a bound of one in a filter; with any UTC offset. */
export const DueTime = z.iso.datetime({ offset: true, abort: true })
  .refine((text) => text >= "2000" && text < "2199", "is too far away")
  .openapi({ example: "2026-11-30T09:00:00Z" });

const fields = z.object({
  title: z.string().trim().min(1).max(200).refine(isPlain, plainMessage)
    .openapi({ example: "Send the brochure" }),
  description: z.string().max(5_000).refine(isMultiline, multilineMessage).nullable(),
  assigned_to: Id.openapi({ description: "An active member", example: undefined }),
  due_at: DueTime.nullable(),
  priority: Priority,
  remind_minutes_before: z.int().min(0).max(43_200).nullable().openapi({
    description: "Minutes before due_at at which the assignee is reminded; null: no reminder",
  }),
});

export const TaskInput = z.object({
  ...fields.partial().shape,
  title: fields.shape.title,
  lead_id: Id.nullable().optional(),
  assigned_to: fields.shape.assigned_to.optional()
    .openapi({ description: "An active member; the caller if left out", example: undefined }),
  remind_minutes_before: fields.shape.remind_minutes_before.optional()
    .openapi({ description: "30 if left out; null: no reminder" }),
}).openapi("TaskInput");

export const TaskChange = z.object({
  ...fields.partial().shape,
  status: Status.optional(),
  version: Version,
}).openapi("TaskChange");

/** The result of `private.task_json` as the API's task. */
export function toTask(row: unknown): z.infer<typeof Task> {
  const task = Task.parse(row);
  return {
    ...task,
    due_at: isoTime(task.due_at),
    remind_at: isoTime(task.remind_at),
    completed_at: isoTime(task.completed_at),
    created_at: isoTime(task.created_at),
    updated_at: isoTime(task.updated_at),
  };
}
