import { z } from "../zod.ts";

/** The organization's segments, by which cells are interpreted. */
export const ClientTerms = z.object({
  segments: z.array(z.object({ key: z.string(), label: z.string() })),
});
export type ClientTerms = z.infer<typeof ClientTerms>;
