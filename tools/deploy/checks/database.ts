import { createHash } from "node:crypto";
import { type Check, when } from "../finding.ts";
import { secretKeys } from "../management.ts";

const EXTENSIONS = [
  "pg_cron",
  "pg_net",
  "supabase_vault",
  "pg_trgm",
  "btree_gin",
  "btree_gist",
  "pgcrypto",
];

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * What jobs use to reach the functions. A database that was restored from another project still names that one. Secrets are
 * compared by their digests.
 */
const vaultChecks: Check = async ({ management, projectUrl, secrets }) => {
  const rows = await management.query<
    { name: string; value: string | null; digest: string }
  >(`
    select s.name, case s.name when 'project_url' then s.decrypted_secret end as value,
      encode(sha256(convert_to(s.decrypted_secret, 'UTF8')), 'hex') as digest
    from vault.decrypted_secrets s where s.name in ('project_url', 'jobs_secret_key', 'request_signing_key')`);
  const kept = new Map(rows.map((row) => [row.name, row]));
  const set = "`task deploy` sets it.";
  const keys = (await secretKeys(management)).map(sha256);
  const signing = secrets["REQUEST_SIGNING_KEY"];
  const url = kept.get("project_url");
  const key = kept.get("jobs_secret_key");
  const signed = kept.get("request_signing_key");
  return [
    when(
      url?.value === projectUrl,
      "Vault's project_url",
      `It ${
        url ? `is ${url.value}` : "is not there"
      }, the project is ${projectUrl}: nothing is sent. ${set}`,
    ),
    when(
      key !== undefined && keys.includes(key.digest),
      "Vault's jobs_secret_key",
      `It ${key ? "is no secret key of this project" : "is not there"}: nothing is sent. ${set}`,
    ),
    when(
      signed !== undefined &&
        (signing === undefined || signed.digest === sha256(signing)),
      "Vault's request_signing_key",
      `It ${
        signed ? "is not REQUEST_SIGNING_KEY" : "is not there"
      }: the audit log has no addresses. ${set}`,
    ),
  ];
};

const extensionChecks: Check = async ({ management }) => {
  const available = await management.query<{ name: string }>(
    "select name from pg_available_extensions",
  );
  const known = new Set(available.map(({ name }) => name));
  return EXTENSIONS.map((name) =>
    when(known.has(name), `extension ${name} can be had`, `The server does not offer ${name}.`)
  );
};

/** What a deployment leaves in the database: scheduled jobs, the bucket, Vault's secrets. */
export const deployedDatabaseChecks: Check = async (context) => {
  const { management } = context;
  const jobs = await management.query<{ name: string }>(`
    select j.name from private.jobs j where j.schedule is not null
      and not exists (
        select from cron.job c where c.jobname = j.name
          -- Switched off while no campaign runs (private.switch_progress_job).
          and (c.active or j.name = 'broadcast-campaign-progress'))`);
  const buckets = await management.query<{ public: boolean }>(
    "select public from storage.buckets where id = 'report-files'",
  );
  return [
    when(
      jobs.length === 0,
      "all jobs are scheduled",
      `Not scheduled: ${jobs.map(({ name }) => name).join(", ")}.`,
    ),
    when(
      buckets[0]?.public === false,
      "the private bucket report-files",
      "Reports keep their files in it: make it in Storage, not public.",
    ),
    ...await vaultChecks(context),
  ];
};

/** The database: extensions, and what a deployment before has left in it. */
export const databaseChecks: Check = async (context) => [
  ...await extensionChecks(context),
  ...context.isNew ? [] : await deployedDatabaseChecks(context),
];
