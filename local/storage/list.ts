import type postgres from "postgres";
import type { Claims } from "../caller.ts";
import { asCaller } from "./context.ts";

/** What `list` asks for. */
export interface ListInput {
  prefix?: string;
  search?: string;
  limit?: number;
  offset?: number;
  sortBy?: { column?: string; order?: string };
}

const columns = ["name", "created_at", "updated_at", "last_accessed_at"];

/** The files and folders right below a prefix; a folder is a row without an id. */
export async function listObjects(
  sql: postgres.Sql,
  claims: Claims,
  { bucket, input }: { bucket: string; input: ListInput },
): Promise<postgres.Row[]> {
  const { prefix = "", search = "", limit = 100, offset = 0, sortBy } = input;
  const below = prefix && !prefix.endsWith("/") ? `${prefix}/` : prefix;
  const column = columns.find((name) => name === sortBy?.column) ?? "name";
  const rows = await asCaller(sql, claims, (t) =>
    t`
      with entries as (
        select substr(name, length(${below}::text) + 1) as rest, * from storage.objects
        where bucket_id = ${bucket} and starts_with(name, ${below})
      ), rows as (
        select rest as name, id, updated_at, created_at, last_accessed_at, metadata
        from entries where position('/' in rest) = 0
        union all
        select distinct split_part(rest, '/', 1), null::uuid, null::timestamptz, null::timestamptz,
          null::timestamptz, null::jsonb
        from entries where position('/' in rest) > 0
      )
      select * from rows where starts_with(lower(name), lower(${search}))
      order by ${t(column)} ${sortBy?.order === "desc" ? t`desc` : t`asc`}, name
      limit ${limit} offset ${offset}`);
  return [...rows];
}
