import type postgres from "postgres";
import type { Problem } from "./cells.ts";
import { quoted, type ReadableStep, type Row } from "./source.ts";
import { keptId, shown } from "./text.ts";

const idOf = (step: ReadableStep): string => quoted(step.column["id"] ?? "id");

/** Of rows with the same id the first, in an order that is the same in every run. */
const firstOfEach = (step: ReadableStep): string =>
  step.hasCopies
    ? `(select distinct on (c.${idOf(step)}) c.* from (${step.from}) c order by c.${
      idOf(step)
    }, to_jsonb(c)::text)`
    : `(${step.from})`;

/** The rows after a cursor, in the order of the old ids, in batches; the cursor of a batch is the id of its last row. */
export async function* batches(
  sql: postgres.Sql,
  step: ReadableStep,
  after: string | null,
  size: number,
): AsyncGenerator<{ rows: Row[]; cursor: string }> {
  const id = idOf(step);
  let cursor = after;
  while (true) {
    const where = cursor === null ? `${id} is not null` : `${id} > ($1::text)::${step.idType}`;
    const rows: Row[] = await sql.unsafe(
      `select q.*, ${id}::text as signalbox_id from ${
        firstOfEach(step)
      } q where ${where} order by ${id} limit ${size}`,
      cursor === null ? [] : [cursor],
      { prepare: true },
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    cursor = String(last["signalbox_id"]);
    yield { rows, cursor };
    if (rows.length < size) return;
  }
}

/** How many rows the old service has, how many of them without an id, and how many ids there are. */
export interface RowCount {
  rows: number;
  withoutId: number;
  ids: number;
}

export async function countRows(sql: postgres.Sql, step: ReadableStep): Promise<RowCount> {
  const id = idOf(step);
  const [row] = await sql.unsafe(
    `select count(*)::float8 as rows, count(*) filter (where ${id} is null)::float8 as without_id,
       count(distinct ${id})::float8 as ids from (${step.from}) q`,
  );
  return {
    rows: Number(row?.["rows"] ?? 0),
    withoutId: Number(row?.["without_id"] ?? 0),
    ids: Number(row?.["ids"] ?? 0),
  };
}

/**
 * Throws a sentence unless every row has an id of its own: of the others some would not be read, and an opt-out must not be
 * lost.
 */
export function requireIds(step: ReadableStep, { rows, ids }: RowCount): void {
  if (rows === ids) return;
  throw new Error(
    `Step ${step.name}: ${rows - ids} rows have no id of their own, so opt-outs would be lost. ` +
      "Name another column as the id in a mapping file (--mapping).",
  );
}

/** Rows that cannot be read one by one: those without an id, and all but the first of those with the same one. */
export async function* rowsWithoutId(
  sql: postgres.Sql,
  step: ReadableStep,
): AsyncGenerator<Problem[]> {
  const id = idOf(step);
  const found = sql.unsafe(
    `select q.id, q.place, q.content from (
       select ${id}::text as id, to_jsonb(c) as content,
         row_number() over (partition by ${id} order by to_jsonb(c)::text) as place from (${step.from}) c) q
     where q.id is null or q.place > 1 order by q.id, q.place`,
  );
  for await (const page of found.cursor(1_000)) {
    yield page.map(({ id, place, content }) => ({
      old_id: id === null ? `(no id) ${place}` : `${keptId(String(id))} (${place})`,
      field: "id",
      value: shown(content),
      message: id === null ? "This row has no id." : "Another row has this id.",
      left_out: true,
    }));
  }
}
