import { z } from "../_shared/zod.ts";
import { isMultiline, multilineMessage } from "../_shared/plain_text.ts";

export const Assignee = z.uuid().openapi({
  description: "An active member who may hold leads",
  example: "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11",
});

/** Details of an assignment of one lead or of many. */
export const assignmentDetails = {
  note: z.string().trim().max(2_000).refine(isMultiline, multilineMessage).optional().openapi({
    description: "Included in the notification",
    example: "Call before noon",
  }),
  deadline: z.iso.datetime({ offset: true, abort: true })
    .refine((text) => text >= "2000" && text < "2199", "is out of range").nullish().openapi({
      description: "When the response is due, instead of the computed deadline",
      example: "2030-01-31T17:00:00Z",
    }),
};
