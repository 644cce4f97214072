import { createHash } from "node:crypto";
import postgres from "postgres";
import type { Place } from "./cells.ts";
import type { Step } from "./mapping.ts";
import { whoOptedOut } from "./opted_out.ts";

export type Row = Record<string, unknown>;

const timestamps = {
  to: 1184,
  from: [1082, 1083, 1114, 1184],
  serialize: String,
  parse: String,
};

/**
 * The old service's database. Sessions can only read, and timestamps come as PostgreSQL writes them in UTC, because a
 * JavaScript Date has no microseconds.
 */
export function openSource(url: string): postgres.Sql {
  return postgres(url, {
    max: 1,
    onnotice: () => {},
    types: { timestamps },
    connection: {
      default_transaction_read_only: true,
      TimeZone: "UTC",
      statement_timeout: 0,
    },
  });
}

/** A step whose table is there: which old column each field is read from, and how rows are paged. */
export interface ReadableStep extends Step {
  from: string;
  column: Record<string, string>;
  /** All columns that a field names and the table has: each may hold a number of somebody who opted out. */
  columnsOf: Record<string, string[]>;
  idType: string;
  /** Whether several rows have the same id: only one of them can be read. */
  hasCopies: boolean;
  /** A digest of how rows are read. */
  fingerprint: string;
}

/** A name in a statement. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const tableOf = (name: string): string => name.split(".").map(quoted).join(".");

/** The columns of a statement; null: its table is not there, and may be missing. */
async function columnsOfRows(
  sql: postgres.Sql,
  step: Step,
  rows: string,
): Promise<postgres.ColumnList<string> | null> {
  // A statement that fails would end the snapshot that everything is read in.
  await sql`savepoint step`;
  try {
    return (await sql.unsafe(`select * from (${rows}) q limit 0`)).columns;
  } catch (error) {
    await sql`rollback to savepoint step`;
    const isMissing = error instanceof postgres.PostgresError &&
      ["42P01", "3F000"].includes(error.code);
    if (isMissing && step.optional) return null;
    throw new Error(
      `Step ${step.name}: ${error instanceof Error ? error.message : error}. ` +
        "Name the table or its columns in a mapping file (--mapping).",
    );
  }
}

/** Columns that say to which organization of the old service a row belongs. */
const organizationColumns = ["organization_id", "org_id", "tenant_id"];

/**
 * The rows of one organization of the old service: of the one that is named, else of the only one. Throws a sentence where
 * the rows are of several, or cannot be told apart though one is named: they would come into somebody else's organization.
 */
async function ofOneOrganization(
  sql: postgres.Sql,
  { name }: Step,
  rows: string,
  columns: postgres.ColumnList<string>,
  organization: string | undefined,
): Promise<string> {
  const column = organizationColumns.find((one) => columns.some(({ name }) => name === one));
  if (organization !== undefined) {
    if (column === undefined) {
      throw new Error(
        `Step ${name}: its rows do not say to which organization they belong. ` +
          "Give a query that reads those of the one in a mapping file (--mapping).",
      );
    }
    const wanted = `'${organization.replaceAll("'", "''")}'`;
    return `select * from (${rows}) o where ${quoted(column)}::text = ${wanted}`;
  }
  if (column === undefined) return rows;
  const [row] = await sql.unsafe(
    `select count(distinct ${quoted(column)})::integer as organizations from (${rows}) o`,
  );
  if (Number(row?.["organizations"]) > 1) {
    throw new Error(
      `Step ${name}: the rows are of ${
        row?.["organizations"]
      } organizations. Name the one whose rows are meant (--from-organization).`,
    );
  }
  return rows;
}

/**
 * Finds the columns of a step, and which of its rows are meant. Answers null for a table that is not there and may be
 * missing; throws a sentence for one that must be there, for required fields without a column, and for rows of several
 * organizations.
 */
export async function resolveStep(
  sql: postgres.Sql,
  step: Step,
  required: readonly string[],
  fromOrganization: string | undefined,
  place: Place,
): Promise<ReadableStep | null> {
  const all = step.query ?? `select * from ${tableOf(step.table ?? "")}`;
  const columns = await columnsOfRows(sql, step, all);
  if (columns === null) return null;
  const rows = await ofOneOrganization(sql, step, all, columns, fromOrganization);
  const from = step.only === "opted_out" ? whoOptedOut(rows) : rows;
  const names = new Map(columns.map(({ name, type }) => [name, type]));
  const column: Record<string, string> = {};
  const columnsOf: Record<string, string[]> = {};
  for (const [field, candidates] of Object.entries(step.columns)) {
    const found = candidates.filter((name) => names.has(name));
    columnsOf[field] = found;
    if (found[0] !== undefined) column[field] = found[0];
  }
  const missing = ["id", ...required].filter((field) => column[field] === undefined);
  if (missing.length > 0) {
    throw new Error(
      `Step ${step.name}: no column for ${missing.join(", ")} among ${
        [...names.keys()].join(", ")
      }. ` +
        "Name it in a mapping file (--mapping).",
    );
  }
  const [type] = await sql`select ${
    names.get(column["id"] ?? "") ?? 0
  }::oid::regtype::text as name`;
  return {
    ...step,
    from,
    column,
    columnsOf,
    idType: String(type?.["name"]),
    hasCopies: false,
    fingerprint: createHash("sha256").update(JSON.stringify([step, from, column, columnsOf, place]))
      .digest("hex"),
  };
}
