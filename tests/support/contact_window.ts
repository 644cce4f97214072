import assert from "node:assert/strict";
import type postgres from "postgres";

/** Whom to text what, from which organization, at which moment. */
export interface Case {
  category: "marketing" | "service";
  phone: string;
  country: string | null;
  region: string | null;
  stated: string | null;
  quiet: [string, string] | null;
  home: string;
  at: Date;
}

/** What private.contact_window answers. */
export interface Opening {
  sends_at: Date | null;
  closes_at: Date | null;
  zone: string;
}

/** Asks the database. */
export async function fastWindow(sql: postgres.Sql, wanted: Case): Promise<Opening> {
  const [row] = await sql<Opening[]>`
    select w.* from (select jsonb_populate_record(null::public.organizations, ${
    sql.json({
      id: crypto.randomUUID(),
      time_zone: wanted.home,
      quiet_hours_start: wanted.quiet?.[0] ?? null,
      quiet_hours_end: wanted.quiet?.[1] ?? null,
    })
  }) as organization) o, private.contact_window(o.organization, ${wanted.category}, ${wanted.phone}, ${wanted.country},
      ${wanted.region}, ${wanted.stated}, ${wanted.at}) w`;
  assert.ok(row);
  return row;
}
