import { z } from "../zod.ts";

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

/** The fields that columns of a file can be mapped to. */
export interface FieldRules {
  /** The field that a header names, or undefined. */
  fieldOf(header: string): string | undefined;
  isField(name: string): boolean;
  /** Whether a header with this field is certainly one of such a file. */
  isCertain(field: string): boolean;
  /** Whether merged cells below this header apply to every row covered. */
  isFilledDown(header: string): boolean;
  /** What the rows become, for messages. */
  what: "lead" | "client";
}
