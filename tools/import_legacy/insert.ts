import type postgres from "postgres";
import type { Problem } from "./cells.ts";
import type { Context, Draft, Entity, Written } from "./entity.ts";
import { refused, sparingRows } from "./refused.ts";

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

interface Into {
  table: string;
  /** What follows `on conflict`. */
  conflict: string;
}

async function insertAll(
  tx: postgres.TransactionSql,
  into: Into,
  drafts: Draft[],
): Promise<number> {
  const columns = Object.keys(drafts[0]?.row ?? {}).map(quoted).join(", ");
  const inserted = await tx.unsafe(
    `insert into public.${into.table} (${columns})
     select ${columns} from jsonb_populate_recordset(null::public.${into.table}, ($1::text)::jsonb)
     on conflict ${into.conflict} do nothing`,
    [JSON.stringify(drafts.map(({ row }) => row))],
  );
  return inserted.count;
}

/** Inserts rows; where the database refuses some, the others are inserted and each refused one is a problem. */
export const insertDrafts = (
  tx: postgres.TransactionSql,
  into: Into,
  drafts: Draft[],
): Promise<Written> =>
  sparingRows(tx, drafts, async (inner, some) => {
    const brought = await insertAll(inner, into, some);
    return { brought, present: some.length - brought, problems: [] };
  });

/** Of these rows, those whose id belongs to another organization: its import of the same old service, say. */
async function strangers(
  tx: postgres.TransactionSql,
  table: string,
  drafts: Draft[],
  organizationId: string,
): Promise<Set<string>> {
  const ids = drafts.map(({ row }) => row["id"]).filter((id) => typeof id === "string");
  const found = await tx.unsafe(
    `select id::text from public.${table} where id = any (($1::text)::uuid[]) and organization_id <> $2`,
    [`{${ids.join(",")}}`, organizationId],
  );
  return new Set(found.map(({ id }) => String(id)));
}

/** The ids among these that the organization has in a table. */
export async function existing(
  tx: postgres.TransactionSql,
  table: string,
  ids: string[],
  organizationId: string,
): Promise<Set<string>> {
  const found = await tx.unsafe(
    `select id::text from public.${table} where organization_id = $2 and id = any (($1::text)::uuid[])`,
    [`{${[...new Set(ids)].join(",")}}`, organizationId],
  );
  return new Set(found.map(({ id }) => String(id)));
}

/** Takes out references to rows that are not there, and the rows that cannot be without them. */
async function checkReferences(
  tx: postgres.TransactionSql,
  references: NonNullable<Entity["references"]>,
  drafts: Draft[],
  organizationId: string,
): Promise<{ drafts: Draft[]; problems: Problem[] }> {
  const problems: Problem[] = [];
  let kept = drafts;
  for (const [column, { table, needed }] of Object.entries(references)) {
    const ids = kept.map(({ row }) => row[column]).filter((id) => typeof id === "string");
    const there = await existing(tx, table, ids, organizationId);
    const dangling = kept.filter(({ row }) =>
      typeof row[column] === "string" ? !there.has(row[column]) : needed
    );
    for (const draft of dangling) {
      problems.push({
        old_id: draft.oldId,
        field: column,
        value: typeof draft.row[column] === "string" ? draft.row[column] : null,
        message: `This row of ${table} is not there.`,
        left_out: needed,
      });
      if (!needed) draft.row[column] = null;
    }
    if (needed) kept = kept.filter((draft) => !dangling.includes(draft));
  }
  return { drafts: kept, problems };
}

/** Inserts the rows of a step into its table. */
export async function insertRows(
  tx: postgres.TransactionSql,
  entity: Entity,
  drafts: Draft[],
  context: Context,
): Promise<Written> {
  const { table = "", conflict = "(id)", references = {} } = entity;
  const { organizationId } = context;
  const checked = await checkReferences(tx, references, drafts, organizationId);
  const taken = conflict === "(id)"
    ? await strangers(tx, table, checked.drafts, organizationId)
    : new Set<string>();
  const own = checked.drafts.filter(({ row }) => !taken.has(String(row["id"])));
  const foreign = checked.drafts.filter(({ row }) => taken.has(String(row["id"])));
  const written = await insertDrafts(tx, { table, conflict }, own);
  return {
    ...written,
    problems: [
      ...checked.problems,
      ...foreign.map((draft) =>
        refused(draft.oldId, "Another organization has a row with this id.")
      ),
      ...written.problems,
    ],
  };
}
