import { type Dice, pick, shuffled } from "./dice.ts";
import {
  type Aggregation,
  columnId,
  type Condition,
  type Definition,
  type Filter,
  type Grouping,
} from "./report_model.ts";
import type { Model, ModelField, ModelSource, Type } from "./report_model_data.ts";
import { localTime } from "./report_time.ts";

/* Random definitions of reports, within what the catalogue allows. */

const operators: Record<Type, string[]> = {
  text: ["eq", "neq", "in", "not_in", "contains", "not_contains", "starts_with"],
  choice: ["eq", "neq", "in", "not_in"],
  person: ["eq", "neq", "in"],
  list: ["has", "has_any", "has_all", "has_none"],
  integer: ["eq", "gt", "gte", "lt", "lte", "between"],
  number: ["eq", "gt", "gte", "lt", "lte", "between"],
  money: ["eq", "gt", "gte", "lt", "lte", "between"],
  boolean: ["eq"],
  date: ["eq", "gt", "gte", "lt", "lte", "between"],
  timestamp: ["eq", "gt", "gte", "lt", "lte", "between"],
};
const several = new Set(["in", "not_in", "has_any", "has_all", "has_none"]);

/** Texts that must stay texts. */
const strange = ["%", "_", "50%", "under_", "\\", "' or true --", "a", "LEAD 1"];

export interface Imagination {
  roll: Dice;
  model: Model;
  zone: string;
}

type Named = [id: string, field: ModelField];

const fieldsOf = (name: string, source: ModelSource): Named[] =>
  Object.entries(source.fields).map(([id, field]) => [`${name}.${id}`, field]);

/** A value that rows have, as a filter writes it. */
function valueOf({ roll, zone }: Imagination, source: ModelSource, field: ModelField): unknown {
  if (field.type === "boolean") return roll(2) === 0;
  if (field.type === "person" && roll(3) === 0) return "me";
  if (field.type === "text" && roll(3) === 0) return pick(roll, strange);
  const rows = source.rows("admin") ?? [];
  const values = rows.map(field.value).flat().filter((value) => value !== null && value !== "");
  if (values.length === 0) return field.type === "person" ? "me" : "2026-11-01";
  const value = pick(roll, values);
  if (field.type === "money") return Number(value) / 100;
  return field.type === "timestamp" ? localTime(Number(value), zone).day : value;
}

function condition(by: Imagination, name: string): Condition {
  const { roll, model } = by;
  const source = model[name] as ModelSource;
  const [id, field] = pick(roll, fieldsOf(name, source));
  if (roll(6) === 0) return { field: id, operator: pick(roll, ["is_empty", "is_not_empty"]) };
  const operator = pick(roll, operators[field.type]);
  const value = () => valueOf(by, source, field);
  const list = () => Array.from({ length: 1 + roll(3) }, value);
  if (operator === "between") {
    const ends = [value(), value()].toSorted((a, b) =>
      Number(a) - Number(b) || (String(a) < String(b) ? -1 : 1)
    );
    return { field: id, operator, value: ends };
  }
  return { field: id, operator, value: several.has(operator) ? list() : value() };
}

function filter(by: Imagination, name: string, deep: boolean): Filter {
  const items = Array.from(
    { length: by.roll(3) },
    () => deep && by.roll(3) === 0 ? filter(by, name, false) : condition(by, name),
  );
  return by.roll(2) === 0 ? { all: items } : { any: items };
}

const summed = ["sum", "avg", "min", "max", "median", "p90"];

function aggregation({ roll, model }: Imagination, name: string): Aggregation {
  const source = model[name] as ModelSource;
  if (roll(4) === 0) return { function: "count" };
  if (roll(3) === 0) return { measure: `${name}.${pick(roll, Object.keys(source.measures))}` };
  const [id, { type }] = pick(roll, fieldsOf(name, source));
  if (type === "integer" || type === "number" || type === "money") {
    return { function: pick(roll, summed), field: id };
  }
  if (type === "date" || type === "timestamp") {
    return { function: pick(roll, ["min", "max"]), field: id };
  }
  const distinct = type !== "list" && type !== "boolean" && !id.includes(".lead.custom.");
  return distinct ? { function: "count_distinct", field: id } : { function: "count" };
}

const isFigure = (
  { function: fn, field, measure }: Aggregation,
  source: ModelSource,
  name: string,
) => {
  if (measure !== undefined || fn === "count" || fn === "count_distinct") return true;
  const type = source.fields[String(field).slice(name.length + 1)]?.type;
  return type !== "date" && type !== "timestamp";
};

/** Whether shares of it add up. */
const isAdditive = ({ function: fn, measure }: Aggregation, source: ModelSource, name: string) =>
  fn === "count" || fn === "sum" ||
  (measure !== undefined && !source.measures[measure.slice(name.length + 1)]?.denominator);

function aggregations(
  by: Imagination,
  name: string,
  { grouped, compared }: { grouped: boolean; compared: boolean },
) {
  const { roll, model } = by;
  const source = model[name] as ModelSource;
  const found = new Map<string, Aggregation>();
  for (let turn = 1 + roll(3); turn > 0; turn--) {
    const one = aggregation(by, name);
    const show = [
      ...(grouped && isAdditive(one, source, name) ? ["share_of_total", "share_of_group"] : []),
      ...(compared && isFigure(one, source, name) ? ["previous", "change", "change_rate"] : []),
    ].filter(() => roll(2) === 0);
    found.set(columnId(one), show.length > 0 ? { ...one, show } : one);
  }
  return [...found.values()];
}

function groupings({ roll, model }: Imagination, name: string): Grouping[] {
  const groupable = fieldsOf(name, model[name] as ModelSource).filter(([, { ungrouped }]) =>
    !ungrouped
  );
  const chosen = shuffled(roll, groupable).slice(0, 1 + roll(3));
  return chosen.map(([field, { type }]) => {
    if (type !== "date" && type !== "timestamp") return { field };
    const bucket = pick(roll, ["day", "week", "month", "quarter", "year"] as const);
    return bucket === "day" || roll(3) === 0 ? { field, bucket, fill: false } : { field, bucket };
  });
}

const names = [
  "this_month",
  "previous_month",
  "last_30_days",
  "this_quarter",
  "this_week",
  "last_90_days",
];

/** A random definition. */
export function imagine(by: Imagination): Definition {
  const { roll, model } = by;
  const source = pick(roll, Object.keys(model));
  const filters = filter(by, source, true);
  const period = roll(2) === 0
    ? {
      field: `${source}.${pick(roll, (model[source] as ModelSource).periods)}`,
      name: pick(roll, names),
    }
    : undefined;
  const common = { source, filters, ...(period && { period }) };
  if (roll(3) === 0) {
    const fields = shuffled(roll, fieldsOf(source, model[source] as ModelSource)).slice(
      0,
      1 + roll(5),
    );
    const sorting = fields.filter(([, { type }]) => type !== "list").slice(0, roll(3))
      .map(([id]) => roll(2) === 0 ? id : `-${id}`);
    return {
      ...common,
      fields: fields.map(([id]) => id),
      sorting,
      aggregations: aggregations(by, source, { grouped: false, compared: false }),
    };
  }
  const grouping = roll(5) === 0 ? [] : groupings(by, source);
  const byPeriod = grouping.some(({ field, bucket }) => bucket && field === period?.field);
  const list = aggregations(by, source, {
    grouped: true,
    compared: period !== undefined && !byPeriod,
  });
  const columns = [
    ...grouping.map(({ field, bucket }) => bucket ? `${field}.${bucket}` : field),
    ...list.map(columnId),
  ];
  const sorting = grouping.length === 0
    ? []
    : shuffled(roll, columns).slice(0, roll(3)).map((id) => roll(2) === 0 ? id : `-${id}`);
  return { ...common, grouping, aggregations: list, sorting, subtotals: roll(4) > 0 };
}
