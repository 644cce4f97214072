import { join } from "node:path";
import type postgres from "postgres";
import { toCsv } from "../../supabase/functions/_shared/csv.ts";
import type { Context } from "./entity.ts";

const PAGE = 10_000;

/**
 * Writes ids.csv: the id here of each row whose old one is another, for frontends and links that have the old one.
 * Readable by its owner only.
 */
export async function writeIdPairs(
  folder: string,
  sql: postgres.Sql,
  { organizationId, kind }: Context,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  using file = await Deno.open(join(folder, "ids.csv"), {
    write: true,
    create: true,
    truncate: true,
    mode: 0o600,
  });
  const write = async (rows: string[][]) => {
    const bytes = new TextEncoder().encode(toCsv(rows));
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  };
  await write([["step", "old_id", "new_id"]]);
  const found = sql<{ step: string; old_id: string; new_id: string }[]>`
    select step, old_id, new_id from private.legacy_ids
    where organization_id = ${organizationId} and kind = ${kind} order by step, old_id`;
  for await (const page of found.cursor(PAGE)) {
    await write(page.map(({ step, old_id, new_id }) => [step, old_id, new_id]));
  }
}
