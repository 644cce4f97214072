import type { Model, ModelField, ModelSource, Role, Row } from "./report_model_data.ts";
import { type Bucket, bucketLabel, bucketStart, localTime, nextBucket } from "./report_time.ts";

export interface Condition {
  field: string;
  operator: string;
  value?: unknown;
}
export type Filter = { all: (Condition | Filter)[] } | { any: (Condition | Filter)[] };
export interface Grouping {
  field: string;
  bucket?: Bucket;
  fill?: boolean;
}
export interface Aggregation {
  function?: string;
  field?: string;
  measure?: string;
  show?: string[];
}
/** A definition as the API takes it. */
export interface Definition {
  source: string;
  fields?: string[];
  filters?: Filter;
  grouping?: Grouping[];
  aggregations?: Aggregation[];
  sorting?: string[];
  period?: { field: string; name: string };
  subtotals?: boolean;
}

/** Half-open, in ms. */
export interface Period {
  field: string;
  from: number;
  to: number;
  previousFrom: number;
  previousTo: number;
}

export interface World {
  model: Model;
  role: Role;
  me: string;
  zone: string;
  period: Period | null;
  now: number;
}

/** What a report must show: cells in the order of its columns. */
export interface Expected {
  rows: unknown[][];
  subtotals: { level: number; after: number; cells: unknown[] }[];
  total: unknown[];
  rowCount: number;
  records: number;
}

const nameIn = (source: string, id: string) => id.slice(source.length + 1);

function fieldOf(source: ModelSource, name: string, id: string): ModelField {
  const field = source.fields[nameIn(name, id)];
  if (!field) throw new Error(`The model has no field ${id}.`);
  return field;
}

const isEmpty = ({ type }: ModelField, value: unknown) =>
  type === "list"
    ? value === null || (value as unknown[]).length === 0
    : value === null || (type === "text" && value === "");

/** What a condition says of one value that is there. */
function compares(
  field: ModelField,
  value: unknown,
  { operator, value: wanted }: Condition,
  world: World,
): boolean {
  const plain = (item: unknown) =>
    field.type === "person" && item === "me"
      ? world.me
      : field.type === "money"
      ? Math.round(Number(item) * 100)
      : item;
  const list = Array.isArray(wanted) ? wanted.map(plain) : [plain(wanted)];
  const first = list[0];
  const text = String(value).toLowerCase();
  const needle = String(first).toLowerCase();
  const items = field.type === "list" ? value as unknown[] : [];
  // Days of local time compare as texts.
  const comparable = field.type === "timestamp" ? localTime(Number(value), world.zone).day : value;
  const less = (a: unknown, b: unknown) => (a as number) < (b as number);
  switch (operator) {
    case "eq":
      return comparable === first;
    case "in":
      return list.includes(value);
    case "contains":
      return text.includes(needle);
    case "starts_with":
      return text.startsWith(needle);
    case "gt":
      return less(first, comparable);
    case "gte":
      return !less(comparable, first);
    case "lt":
      return less(comparable, first);
    case "lte":
      return !less(first, comparable);
    case "between":
      return !less(comparable, list[0]) && !less(list[1], comparable);
    case "has":
      return items.includes(first);
    case "has_any":
      return list.some((item) => items.includes(item));
    case "has_all":
      return list.every((item) => items.includes(item));
    default:
      throw new Error(`The model has no operator ${operator}.`);
  }
}

const negations: Record<string, string> = {
  neq: "eq",
  not_in: "in",
  not_contains: "contains",
  has_none: "has_any",
  is_not_empty: "is_empty",
};

function holds(world: World, name: string, item: Condition | Filter, row: Row): boolean {
  const source = world.model[name] as ModelSource;
  if ("all" in item) return item.all.every((part) => holds(world, name, part, row));
  if ("any" in item) {
    // An empty list holds nothing back.
    return item.any.length === 0 || item.any.some((part) => holds(world, name, part, row));
  }
  const positive = negations[item.operator];
  if (positive) return !holds(world, name, { ...item, operator: positive }, row);
  const field = fieldOf(source, name, item.field);
  const value = field.value(row);
  if (item.operator === "is_empty") return isEmpty(field, value);
  return value !== null && compares(field, value, item, world);
}

const two = (hundredths: number) => (hundredths / 100).toFixed(2);

/** A value as a cell shows it. */
function cellOf({ type }: ModelField, value: unknown, zone: string): unknown {
  if (value === null || value === undefined) return null;
  if (type === "money") return two(Number(value));
  return type === "timestamp" ? localTime(Number(value), zone).text : value;
}

/** Texts without regard to case, then with; what is empty comes last in both directions. */
function compareValues(type: string, a: unknown, b: unknown, descending: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const order = (x: string | number, y: string | number) => x < y ? -1 : x > y ? 1 : 0;
  const sign = descending ? -1 : 1;
  if (type === "text" || type === "choice") {
    const [x, y] = [String(a), String(b)];
    return sign * (order(x.toLowerCase(), y.toLowerCase()) || order(x, y));
  }
  if (type === "person" || type === "date") return sign * order(String(a), String(b));
  return sign * order(Number(a), Number(b));
}

function percentile(values: number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  return low === undefined || high === undefined
    ? null
    : low + (high - low) * (at - Math.floor(at));
}

/** An aggregation of rows: in ms, hundredths or plain numbers. */
function aggregate(
  world: World,
  name: string,
  { function: fn, field: id, measure }: Aggregation,
  rows: Row[],
): unknown {
  const source = world.model[name] as ModelSource;
  if (measure !== undefined) {
    const { numerator, denominator } = source
      .measures[nameIn(name, measure)] as ModelSource["measures"][string];
    const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
    if (denominator === undefined) return sum(numerator);
    return sum(denominator) === 0 ? null : sum(numerator) / sum(denominator);
  }
  if (fn === "count" || id === undefined) return rows.length;
  const field = fieldOf(source, name, id);
  const values = rows.map(field.value).filter((value) => value !== null);
  if (fn === "count_distinct") return new Set(values).size;
  const numbers = values.map(Number);
  const sum = numbers.reduce((a, b) => a + b, 0);
  if (fn === "sum") return sum;
  if (numbers.length === 0) return null;
  if (fn === "avg") return sum / numbers.length;
  if (fn === "median") return percentile(numbers, 0.5);
  if (fn === "p90") return percentile(numbers, 0.9);
  const dates = values.map(String).toSorted();
  if (field.type === "date") return fn === "min" ? dates[0] : dates.at(-1);
  return fn === "min" ? Math.min(...numbers) : Math.max(...numbers);
}

/** How an aggregation's value is shown. */
function shown(
  world: World,
  name: string,
  { function: fn, field: id }: Aggregation,
  value: unknown,
): unknown {
  if (id === undefined || value === null || fn === "count_distinct") return value;
  const field = fieldOf(world.model[name] as ModelSource, name, id);
  if (field.type === "money") {
    return two(Math.sign(Number(value)) * Math.round(Math.abs(Number(value))));
  }
  return fn === "min" || fn === "max" ? cellOf(field, value, world.zone) : value;
}

/** A group at some level: its keys and the rows in it, those of the period before apart. */
interface Group {
  keys: unknown[];
  orders: (number | null)[];
  current: Row[];
  previous: Row[];
}

const keyOf = (keys: unknown[]) => JSON.stringify(keys);

function groupValue(world: World, name: string, grouping: Grouping, row: Row): unknown {
  const field = fieldOf(world.model[name] as ModelSource, name, grouping.field);
  const value = field.value(row);
  if (grouping.bucket === undefined || value === null) return value;
  const day = field.type === "timestamp" ? localTime(Number(value), world.zone).day : String(value);
  return bucketStart(day, grouping.bucket);
}

function grouped(
  world: World,
  name: string,
  groupings: Grouping[],
  rows: { current: Row[]; previous: Row[] },
) {
  const groups = new Map<string, Group>();
  for (const part of ["current", "previous"] as const) {
    for (const row of rows[part]) {
      const keys = groupings.map((grouping) => groupValue(world, name, grouping, row));
      const orders = groupings.map(({ field }) =>
        fieldOf(world.model[name] as ModelSource, name, field).order?.(row) ?? null
      );
      const group = groups.get(keyOf(keys)) ?? { keys, orders, current: [], previous: [] };
      group[part].push(row);
      groups.set(keyOf(keys), group);
    }
  }
  return groups;
}

/** The first time grouping that is to be filled, or -1. */
const filledAt = (groupings: Grouping[]) =>
  groupings.findIndex(({ bucket, fill }, at) =>
    bucket !== undefined && (fill ?? groupings.findIndex((g) => g.bucket) === at)
  );

function bucketsOf(
  world: World,
  grouping: Grouping,
  groups: Map<string, Group>,
  at: number,
): string[] {
  const bucket = grouping.bucket as Bucket;
  const days = [...groups.values()].map(({ keys }) => keys[at]).filter((key) => key !== null)
    .map(String);
  const { period } = world;
  if (period && period.field === grouping.field) {
    const end = Math.min(period.to, Math.max(world.now, period.from) + 1) - 1;
    days.push(bucketStart(localTime(period.from, world.zone).day, bucket));
    days.push(bucketStart(localTime(end, world.zone).day, bucket));
  }
  const [first, last] = [days.toSorted()[0], days.toSorted().at(-1)];
  const found: string[] = [];
  for (let day = first; day !== undefined && last !== undefined && day <= last;) {
    found.push(day);
    day = nextBucket(day, bucket);
  }
  return found;
}

/** Adds the groups of a level that no row is in. */
function fill(world: World, groupings: Grouping[], groups: Map<string, Group>, at: number): void {
  if (at < 0 || at >= groupings.length) return;
  const buckets = bucketsOf(world, groupings[at] as Grouping, groups, at);
  const others = groupings.length === 1
    ? [{ keys: [null], orders: [null], current: [], previous: [] } as Group]
    : [...groups.values()];
  for (const { keys, orders } of others) {
    for (const bucket of buckets) {
      const filled = keys.with(at, bucket);
      if (!groups.has(keyOf(filled))) {
        groups.set(keyOf(filled), {
          keys: filled,
          orders: orders.with(at, null),
          current: [],
          previous: [],
        });
      }
    }
  }
}

export const columnId = (aggregation: Aggregation): string =>
  aggregation.measure ??
    (aggregation.field ? `${aggregation.function}(${aggregation.field})` : "count");
const groupId = ({ field, bucket }: Grouping) => bucket ? `${field}.${bucket}` : field;

interface Figures {
  values: unknown[];
  previous: unknown[];
}

/** The columns of the aggregations of a group, with shares and comparisons. */
function figureCells(
  world: World,
  name: string,
  list: Aggregation[],
  of: Figures,
  total: Figures,
  above: Figures,
) {
  const ratio = (a: unknown, b: unknown) =>
    b === null || b === undefined || Number(b) === 0 || a === null ? null : Number(a) / Number(b);
  return list.flatMap((aggregation, at) => {
    const value = of.values[at] ?? null;
    const previous = of.previous[at] ?? null;
    const change = value === null || previous === null ? null : Number(value) - Number(previous);
    const parts = (aggregation.show ?? []).map((show) => {
      if (show === "share_of_total") return ratio(value, total.values[at]);
      if (show === "share_of_group") return ratio(value, above.values[at]);
      if (show === "previous") return shown(world, name, aggregation, previous);
      if (show === "change") return shown(world, name, aggregation, change);
      return ratio(change, previous);
    });
    return [shown(world, name, aggregation, value), ...parts];
  });
}

/** A grouped report, or one of aggregations alone. */
function evaluateGroups(
  world: World,
  definition: Definition,
  rows: { current: Row[]; previous: Row[] },
): Expected {
  const { source: name, sorting = [] } = definition;
  const groupings = definition.grouping ?? [];
  const list = definition.aggregations?.length ? definition.aggregations : [{ function: "count" }];
  const levels = groupings.map((_, at) => {
    const groups = grouped(world, name, groupings.slice(0, at + 1), rows);
    return groups;
  });
  const filled = filledAt(groupings);
  const deepest = levels.at(-1);
  levels.forEach((groups, at) => {
    if (filled < 0 || filled > at || !deepest) return;
    fillLevel(world, groupings, { groups, deepest, depth: at + 1, filled });
  });
  const figuresOf = (group: { current: Row[]; previous: Row[] }): Figures => ({
    values: list.map((aggregation) => aggregate(world, name, aggregation, group.current)),
    previous: list.map((aggregation) => aggregate(world, name, aggregation, group.previous)),
  });
  const total = figuresOf(rows);
  const label = (at: number, key: unknown) => {
    const grouping = groupings[at] as Grouping;
    if (grouping.bucket && key !== null) return bucketLabel(String(key), grouping.bucket);
    return key;
  };
  const expected: Expected = {
    rows: [],
    subtotals: [],
    total: [...groupings.map(() => null), ...figureCells(world, name, list, total, total, total)],
    rowCount: 0,
    records: rows.current.length,
  };
  const walk = (prefix: unknown[], above: Figures) => {
    const level = levels[prefix.length];
    const children = [...(level?.values() ?? [])].filter(({ keys }) =>
      keyOf(keys.slice(0, -1)) === keyOf(prefix)
    ).map((group) => ({ group, figures: figuresOf(group) }));
    children.sort((a, b) => compareGroups(world, definition, { list, sorting, groupings }, a, b));
    for (const { group, figures } of children) {
      const leaf = group.keys.length === groupings.length;
      const keys = groupings.map((_, at) =>
        at < group.keys.length ? label(at, group.keys[at]) : null
      );
      const cells = [...keys, ...figureCells(world, name, list, figures, total, above)];
      if (leaf) expected.rows.push(cells);
      else {
        walk(group.keys, figures);
        if (definition.subtotals !== false) {
          expected.subtotals.push({ level: group.keys.length, after: expected.rows.length, cells });
        }
      }
    }
  };
  if (groupings.length === 0) expected.rows.push(expected.total);
  else walk([], total);
  expected.rowCount = expected.rows.length;
  return expected;
}

/** Fills a level. The bounds of the time groups are those of the deepest level, which has them all. */
function fillLevel(
  world: World,
  groupings: Grouping[],
  { groups, deepest, depth, filled }: {
    groups: Map<string, Group>;
    deepest: Map<string, Group>;
    depth: number;
    filled: number;
  },
): void {
  if (deepest.size > 0 || depth === 1) fill(world, groupings.slice(0, depth), groups, filled);
}

interface Placed {
  group: Group;
  figures: Figures;
}

function compareGroups(
  world: World,
  { source: name }: Definition,
  { list, sorting, groupings }: { list: Aggregation[]; sorting: string[]; groupings: Grouping[] },
  a: Placed,
  b: Placed,
): number {
  const at = a.group.keys.length - 1;
  const grouping = groupings[at] as Grouping;
  const field = fieldOf(world.model[name] as ModelSource, name, grouping.field);
  const byKey = (descending: boolean) =>
    (field.order
      ? compareValues("number", a.group.orders[at] ?? null, b.group.orders[at] ?? null, descending)
      : 0) ||
    compareValues(
      grouping.bucket ? "date" : field.type,
      a.group.keys[at] ?? null,
      b.group.keys[at] ?? null,
      descending,
    );
  for (const item of sorting) {
    const id = item.replace(/^-/, "");
    const figure = list.findIndex((aggregation) => columnId(aggregation) === id);
    const [x, y] = [a, b].map(({ figures }) => figures.values[figure] ?? null);
    const order = figure >= 0
      ? compareValues(typeof x === "string" ? "date" : "number", x, y, item !== id)
      : groupId(grouping) === id
      ? byKey(item !== id)
      : 0;
    if (order !== 0) return order;
  }
  return byKey(false);
}

/** A list of single rows. */
function evaluateList(world: World, definition: Definition, rows: Row[]): Expected {
  const { source: name, fields = [], sorting = [], aggregations = [] } = definition;
  const source = world.model[name] as ModelSource;
  const sorted = rows.toSorted((a, b) => {
    for (const item of sorting) {
      const field = fieldOf(source, name, item.replace(/^-/, ""));
      const of = (row: Row) => (field.order ?? field.value)(row) ?? null;
      const type = field.order ? "number" : field.type;
      const order = compareValues(type, of(a), of(b), item.startsWith("-"));
      if (order !== 0) return order;
    }
    const order = String(a["id"]) < String(b["id"]) ? -1 : 1;
    return sorting.length === 0 ? -order : order;
  });
  const list = fields.map((id) => fieldOf(source, name, id));
  return {
    rows: sorted.map((row) => list.map((field) => cellOf(field, field.value(row), world.zone))),
    subtotals: [],
    total: [
      ...fields.map(() => null),
      ...aggregations.map((aggregation) =>
        shown(world, name, aggregation, aggregate(world, name, aggregation, rows))
      ),
    ],
    rowCount: rows.length,
    records: rows.length,
  };
}

/** What a report must show to this role; null if it may not use the source. */
export function evaluate(world: World, definition: Definition): Expected | null {
  const { source: name, filters = { all: [] } } = definition;
  const all = (world.model[name] as ModelSource).rows(world.role);
  if (all === null) return null;
  const matching = all.filter((row) => holds(world, name, filters, row));
  const { period } = world;
  const within = (from: number, to: number) =>
    matching.filter((row) => {
      const at = fieldOf(world.model[name] as ModelSource, name, period?.field ?? "").value(row);
      return at !== null && Number(at) >= from && Number(at) < to;
    });
  const current = period ? within(period.from, period.to) : matching;
  const compares = definition.aggregations?.some(({ show = [] }) =>
    show.some((part) => !part.startsWith("share"))
  );
  const previous = period && compares ? within(period.previousFrom, period.previousTo) : [];
  return definition.fields?.length
    ? evaluateList(world, definition, current)
    : evaluateGroups(world, definition, { current, previous });
}
