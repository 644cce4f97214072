import { z } from "../_shared/zod.ts";
import type { Json } from "../_shared/database.types.ts";
import { invalidFields } from "../_shared/problem.ts";

const Name = z.string().min(1).max(200);
const FieldId = z.string().regex(/^[a-z][a-z0-9_.]{1,199}$/, "is not the id of a field").openapi({
  description: "An id of GET /reports/fields",
  example: "leads.source",
});

const Condition = z.strictObject({
  field: FieldId,
  operator: Name.openapi({ example: "eq" }),
  value: z.unknown().optional().openapi({
    description: "One value, or a list for in, not_in, between, has_any, has_all and has_none",
    example: "website",
  }),
}).openapi("ReportCondition");

const Conditions = z.array(Condition).max(20);
const InnerFilter = z.union([
  z.strictObject({ all: Conditions }),
  z.strictObject({ any: Conditions }),
]);
const Items = z.array(z.union([Condition, InnerFilter])).max(20);
const Filters = z.union([
  z.strictObject({ all: Items }),
  z.strictObject({ any: Items }),
  Items.transform((all) => ({ all })),
]).openapi("ReportFilters", {
  description: "`{ all: […] }` or `{ any: […] }`, two levels deep; a list means all",
});

const Grouping = z.union([
  FieldId.transform((field) => ({ field })),
  z.strictObject({
    field: FieldId,
    bucket: z.enum(["day", "week", "month", "quarter", "year"]).optional(),
    fill: z.boolean().optional().openapi({
      description: "Whether empty time groups appear; true for the first time grouping",
    }),
  }),
]).openapi("ReportGrouping");

const Show = z.array(
  z.enum(["share_of_total", "share_of_group", "previous", "change", "change_rate"]),
).max(5).optional();

const Aggregation = z.union([
  z.strictObject({ function: z.literal("count"), show: Show }),
  z.strictObject({
    function: z.enum(["sum", "avg", "min", "max", "median", "p90", "count_distinct"]),
    field: FieldId,
    show: Show,
  }),
  z.strictObject({ measure: FieldId, show: Show }),
]).openapi("ReportAggregation");

const Sorting = z.union([
  z.string().min(1).max(250),
  z.strictObject({ field: z.string().min(1).max(250), direction: z.enum(["asc", "desc"]) })
    .transform(({ field, direction }) => direction === "desc" ? `-${field}` : field),
]).openapi("ReportSorting", {
  description: "A field, or in a grouped report a column; with `-` before it descending",
  example: "-count",
});

const Period = z.union([
  z.strictObject({
    field: FieldId.optional(),
    name: Name.openapi({ example: "previous_week" }),
  }),
  z.strictObject({ field: FieldId.optional(), from: z.iso.date(), to: z.iso.date() }),
]).openapi("ReportPeriodInput", {
  description: "A named period, or local days, both inclusive; without `field` the usual one",
});

/** The parts of a definition, all of which may be left out. */
export const DefinitionParts = z.strictObject({
  source: Name.optional().openapi({
    description: "Needed only where no field says it",
    example: "leads",
  }),
  fields: z.array(FieldId).max(30).optional(),
  filters: Filters.optional(),
  grouping: z.array(Grouping).max(4).optional(),
  aggregations: z.array(Aggregation).max(10).optional(),
  sorting: z.array(Sorting).max(5).optional(),
  period: Period.nullable().optional(),
  subtotals: z.boolean().optional(),
});
export type DefinitionParts = z.infer<typeof DefinitionParts>;

/** All field ids that a definition names, except what it is sorted by. */
function* idsOf(value: unknown): Generator<string> {
  if (Array.isArray(value)) { for (const item of value) yield* idsOf(item); }
  else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      if ((key === "field" || key === "measure") && typeof part === "string") yield part;
      else if (key !== "value") yield* idsOf(part);
    }
  }
}

/**
 * A definition as the database takes it: with its source, which is what all ids begin with, and without what was left
 * out.
 * @throws Problem 422 for fields of different sources
 */
export function definitionOf(parts: DefinitionParts): Record<string, Json> {
  // What was parsed from JSON is JSON, also the values of conditions, whose type nothing else says.
  const given = Object.entries(parts) as [string, Json | undefined][];
  const definition = Object.fromEntries(
    given.filter((entry): entry is [string, Json] => entry[1] !== undefined),
  );
  const ids = [...(parts.fields ?? []), ...idsOf({ ...definition, fields: [] })];
  const sources = new Set(ids.map((id) => id.split(".", 1)[0] ?? ""));
  if (parts.source !== undefined) sources.add(parts.source);
  if (sources.size > 1) {
    throw invalidFields([{
      path: "fields",
      message: `are of several sources: ${[...sources].slice(0, 5).join(", ")}`,
    }]);
  }
  const [source] = sources;
  return source === undefined ? definition : { ...definition, source };
}
