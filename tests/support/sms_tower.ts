/** A database of SMS Control Tower, for tests of the import. */
import { database } from "./db.ts";
import { AUTH_SCHEMA, type OldDatabase, withOldDatabase } from "./legacy.ts";
import type { Organization } from "./people.ts";

/** The tables that the README of SMS Control Tower names, with columns as its endpoints imply them. */
const SCHEMA = `${AUTH_SCHEMA}
create table users (id uuid primary key, email text, full_name text, role text, is_active boolean default true,
  created_at timestamptz default now());
create table leads (id uuid primary key default gen_random_uuid(), first_name text, last_name text, email text, phone text,
  status text, tags text[] default '{}', metadata jsonb default '{}', state text, opted_out boolean default false,
  opt_out_at timestamptz, opt_in_at timestamptz, opt_in_source text, opt_in_method text, assigned_to uuid,
  created_at timestamptz default '2024-01-01', updated_at timestamptz default '2024-02-01');
create table suppressions (id serial primary key, phone_number text, reason text, created_at timestamptz default now(),
  is_active boolean default true);
create table templates (id uuid primary key default gen_random_uuid(), name text, content text,
  created_at timestamptz default now());
create table campaigns (id uuid primary key default gen_random_uuid(), name text, status text, created_by uuid,
  started_at timestamptz, created_at timestamptz default now(), updated_at timestamptz default now());
create table campaign_targets (id bigserial primary key, campaign_id uuid, lead_id uuid, phone text, status text,
  sent_at timestamptz, updated_at timestamptz default now());
create table messages (id uuid primary key default gen_random_uuid(), lead_id uuid, campaign_id uuid, direction text,
  from_number text, to_number text, body text, status text, twilio_sid text, error_code text,
  created_at timestamptz default now() - interval '1 day');`;

/** An organization in the United States. */
export const US = {
  country: "US",
  settings: { country: "US", currency: "USD", time_zone: "America/New_York" },
};
/** The number that the old service sent from. */
export const ours = "+12125550100";

export interface Old extends OldDatabase {
  /** The id of a new lead. */
  lead(fields: Record<string, unknown>): Promise<string>;
  message(fields: Record<string, unknown>): Promise<string>;
}

/** A database of SMS Control Tower, dropped after the work. */
export async function withService(work: (old: Old) => Promise<void>): Promise<void> {
  await withOldDatabase(SCHEMA, async ({ url, sql }) => {
    const insert = async (table: string, fields: Record<string, unknown>) => {
      const [row] = await sql`insert into ${sql(table)} ${sql(fields)} returning id`;
      return String(row?.["id"]);
    };
    await work({
      url,
      sql,
      lead: (fields) => insert("leads", { first_name: "Ada", status: "new", ...fields }),
      message: (fields) => insert("messages", { body: "Hi", to_number: ours, ...fields }),
    });
  });
}

/** The numbers that an organization texts nothing to. */
export const suppressed = async ({ id }: Organization): Promise<string[]> => {
  const rows = await database()`
    select phone from public.suppressions where organization_id = ${id} and scope = 'all' and lifted_at is null order by 1`;
  return rows.map(({ phone }) => phone);
};
