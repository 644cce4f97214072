/** A node of what `explain (analyze, format json)` gives, as far as reading goes. */
interface PlanNode {
  "Node Type": string;
  "Subplan Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Rows Removed by Index Recheck"?: number;
  Plans?: PlanNode[];
}

const scans = ["Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan"];

/**
 * How many rows and index entries a plan reads, outside and inside the part of it that is a CTE of this name. What a bitmap
 * finds counts once, where the index gives it.
 */
export function readsOf(plan: PlanNode, cte: string): { outside: number; inside: number } {
  const below = (plan.Plans ?? []).map((part) => readsOf(part, cte)).reduce(
    (sum, part) => ({ outside: sum.outside + part.outside, inside: sum.inside + part.inside }),
    { outside: 0, inside: 0 },
  );
  const removed = plan["Rows Removed by Index Recheck"] ?? 0;
  const own = scans.includes(plan["Node Type"])
    ? plan["Actual Rows"] + (plan["Rows Removed by Filter"] ?? 0) + removed
    : removed;
  const outside = below.outside + own * plan["Actual Loops"];
  return plan["Subplan Name"] === `CTE ${cte}`
    ? { outside: 0, inside: outside + below.inside }
    : { outside, inside: below.inside };
}
