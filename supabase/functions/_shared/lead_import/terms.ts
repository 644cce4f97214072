import { z } from "../zod.ts";

/** The organization's custom fields and stages, by which columns and cells are interpreted. */
export const Terms = z.object({
  fields: z.array(z.object({
    key: z.string(),
    label: z.string(),
    type: z.enum(["text", "number", "boolean", "date", "choice", "choices"]),
    required: z.boolean(),
    choices: z.array(z.string()),
  })),
  stages: z.array(z.object({ key: z.string(), label: z.string() })),
});
export type Terms = z.infer<typeof Terms>;
export type LeadFieldTerm = Terms["fields"][number];
