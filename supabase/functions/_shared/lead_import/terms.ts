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

/** A column of a file: its index from 0, its header, and the first value below. */
export const Column = z.object({
  index: z.int().openapi({ example: 0 }),
  name: z.string().openapi({ example: "Full name" }),
  sample: z.string().nullable().openapi({ example: "Ama Mensah" }),
});
export type Column = z.infer<typeof Column>;

/** Field by column index. */
export const Mapping = z.record(z.string(), z.string());
export type Mapping = z.infer<typeof Mapping>;
