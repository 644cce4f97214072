import { isMultiline } from "../plain_text.ts";
import { z } from "../zod.ts";

/** UTF-16 units that a text may have: what providers count (Twilio's error 21617). Characters beyond them, such as emoji, are two. */
export const maxTextUnits = 1_600;

/** The text of a message or template. The database checks the same, and what variables it has. */
export const TextBody = z.string().min(1).max(maxTextUnits).refine(
  (text) => text.length <= maxTextUnits,
  "must have at most 1,600 characters; emoji count as two",
).refine(isMultiline, "has control characters");
