import { z } from "../_shared/zod.ts";

const Key = z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, "must be like `in_progress`").openapi({
  description: "What leads have as their `status`",
  example: "contacted",
});

/** A stage as it is written: its place in the list is its position. */
export const StageInput = z.object({
  key: Key,
  label: z.string().trim().min(1).max(100).openapi({ example: "Contacted" }),
  outcome: z.enum(["won", "lost"]).nullable().default(null).openapi({
    description: "won and lost close the lead; null: it is open here",
  }),
  sla_minutes: z.int().min(0).max(525_600).nullable().default(null).openapi({
    description: "Working minutes to the response; null: as many as the organization says; 0: none",
    example: 60,
  }),
  next_stages: z.array(Key).max(50).nullable().default(null).openapi({
    description: "Keys of the stages to which a lead may move from here; null: to any",
    example: null,
  }),
}).openapi("StageInput");

export const Stage = z.object({
  key: Key,
  label: z.string().openapi({ example: "Contacted" }),
  position: z.int().openapi({ example: 2 }),
  outcome: z.enum(["won", "lost"]).nullable(),
  sla_minutes: z.int().nullable(),
  next_stages: z.array(z.string()).nullable(),
}).openapi("Stage");

export const Stages = z.object({ stages: z.array(Stage) }).openapi("Stages");
