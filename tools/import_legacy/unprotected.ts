import type { Problem } from "./cells.ts";
import type { ReadableStep } from "./source.ts";

/** Steps that say whom not to text: they run first, and none of their rows may be lost. */
export const isOptOutStep = ({ into }: ReadableStep): boolean =>
  into === "opt_outs" || into === "replies";

/** The opt-outs by which nobody can be recognized, as a sentence; null: there are none. */
export function unprotected(
  problems: (Problem & { step: string })[],
  steps: ReadableStep[],
): string | null {
  const names = new Set(steps.filter(isOptOutStep).map(({ name }) => name));
  const recognizable = new Set(
    problems.filter(({ field }) => field === "digits").map(({ step, old_id }) =>
      `${step} ${old_id}`
    ),
  );
  const lost = problems.filter(({ step, old_id, left_out }) =>
    left_out && names.has(step) && !recognizable.has(`${step} ${old_id}`)
  );
  return lost.length === 0 ? null : `${lost.length} opt-outs cannot be read, so nothing else was ` +
    "imported. Correct them in the old database, or accept that these people may be texted " +
    "(--accept-unreadable-opt-outs).";
}
