import { z } from "../_shared/zod.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";

const Key = z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, "must be like `in_progress`").openapi({
  description: "The `status` of leads in this stage",
  example: "contacted",
});

/** A stage as written by clients; its index in the list is its position. */
export const StageInput = z.object({
  key: Key,
  label: z.string().trim().min(1).max(100).refine(isPlain, plainMessage)
    .openapi({ example: "Contacted" }),
  outcome: z.enum(["won", "lost"]).nullable().default(null).openapi({
    description: "won and lost close the lead; null: an open stage",
  }),
  sla_minutes: z.int().min(0).max(525_600).nullable().default(null).openapi({
    description: "Working minutes to the response; null: the organization's setting; 0: no clock",
    example: 60,
  }),
  next_stages: z.array(Key).max(50).nullable().default(null).openapi({
    description: "Keys of the stages to which a lead may move from this one; null: any",
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
