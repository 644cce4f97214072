import assert from "node:assert/strict";
import type postgres from "postgres";
import { database } from "./db.ts";
import { call, expectStatus } from "./http.ts";
import type { Organization } from "./people.ts";

/** What GET /admin/audit-logs/verify answers. */
interface Verification {
  status: string;
  fault: { entry_id: string | null; fault: string } | null;
  to_seal: number | null;
  verified_entries: number;
  seal_hash: string | null;
}

/** Verifies the chain over HTTP, as the organization's admin. */
export const verify = async ({ admin }: Organization, query = "") =>
  expectStatus<Verification>(await call(admin, "GET", `/admin/audit-logs/verify${query}`), 200);

/** Seals what there is, as the task does a minute later. */
export const seal = () =>
  database().begin(async (tx) => {
    const [range] = await tx<{ since: string; until: string }[]>`
      select h.sealed_until::text as since,
        (date_trunc('milliseconds', clock_timestamp()) + interval '1 millisecond')::text as until
      from private.audit_horizon h for update`;
    assert(range !== undefined);
    await tx`update private.audit_horizon set sealed_until = ${range.until}::timestamptz where singleton`;
    await tx`select private.seal_audit_range(${range.since}::timestamptz, ${range.until}::timestamptz)`;
  });

/** A superuser's change, past the triggers that forbid it; without locking the table, into which all others write. */
export const asSuperuser = (change: (tx: postgres.TransactionSql) => Promise<unknown>) =>
  database().begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await change(tx);
  });
