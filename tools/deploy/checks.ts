import { apiKeys, type Management } from "./management.ts";

/** What a check found. missing: nothing works without; advice: it works, but see `todo`. */
export interface Finding {
  name: string;
  state: "ok" | "missing" | "advice";
  /** What to do, where something is to be done. */
  todo?: string;
}

export interface CheckContext {
  management: Management;
  /** Secrets that the deployment sets itself, by name. */
  secrets: Record<string, string>;
  /** Whether a first deployment is checked: migrations and jobs are not there yet. */
  isNew: boolean;
}

type Check = (context: CheckContext) => Promise<Finding[]>;

const ok = (name: string): Finding => ({ name, state: "ok" });
const missing = (name: string, todo: string): Finding => ({ name, state: "missing", todo });
const when = (
  fine: boolean,
  name: string,
  todo: string,
  state: "missing" | "advice" = "missing",
): Finding => fine ? ok(name) : { name, state, todo };

const projectChecks: Check = async ({ management }) => {
  const project = await management.get<
    { status: string; organization_slug?: string; database?: { version?: string } }
  >("/projects/{ref}");
  const version = Number(project.database?.version?.split(".")[0] ?? 0);
  const findings = [
    when(
      project.status === "ACTIVE_HEALTHY",
      "the project runs",
      `Its status is ${project.status}: restore it in the dashboard.`,
    ),
    when(version >= 15, "PostgreSQL 15 or later", "Upgrade the database in the dashboard."),
  ];
  if (!project.organization_slug) return findings;
  const { plan } = await management.get<{ plan?: string }>(
    `/organizations/${project.organization_slug}`,
  );
  return [
    ...findings,
    when(
      plan !== "free",
      "a plan that does not pause",
      "The free plan pauses a project after a week without requests, keeps no daily backups, and ends functions after 150 s.",
      "advice",
    ),
  ];
};

const REQUIRED_SECRETS = ["APP_URL", "CALLBACK_SIGNING_SECRET", "REQUEST_SIGNING_KEY"];
const PROVIDERS: [string, string[]][] = [
  ["Twilio", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"]],
  ["Arkesel", ["ARKESEL_API_KEY"]],
];

const secretChecks: Check = async ({ management, secrets }) => {
  const set = await management.get<{ name: string }[]>("/projects/{ref}/secrets");
  const names = new Set([...set.map(({ name }) => name), ...Object.keys(secrets)]);
  const hasMail = names.has("RESEND_API_KEY") || names.has("SMTP_HOST");
  const port = secrets["SMTP_PORT"];
  return [
    ...REQUIRED_SECRETS.map((name) =>
      when(
        names.has(name),
        `secret ${name}`,
        `Add ${name} to the file of secrets (docs/operations.md).`,
      )
    ),
    when(
      names.has("TRUSTED_IP_HEADER"),
      "secret TRUSTED_IP_HEADER",
      "Without it all people share one limit: whoever fails to sign in as somebody often enough keeps that person out. " +
        "On hosted Supabase: TRUSTED_IP_HEADER=cf-connecting-ip.",
    ),
    when(
      names.has("TOKEN_SIGNING_KEY"),
      "secret TOKEN_SIGNING_KEY",
      "API keys and impersonation need a signing key of yours (docs/operations.md, signing keys).",
      "advice",
    ),
    when(
      hasMail,
      "a mail provider",
      "Set RESEND_API_KEY, or SMTP_HOST and its companions.",
      "advice",
    ),
    when(
      port === undefined || port === "465",
      "a port for mail that functions can reach",
      `Hosted functions cannot reach port ${port}: set SMTP_PORT=465 and SMTP_SECURE=true.`,
    ),
    ...PROVIDERS.map(([provider, wanted]) =>
      when(
        wanted.every((name) => names.has(name)),
        `credentials of ${provider}`,
        `Set ${wanted.join(" and ")}, or have each organization bring its own.`,
        "advice",
      )
    ),
    ...["REQUEST_SIGNING_KEY", "CALLBACK_SIGNING_SECRET"]
      .filter((name) => secrets[name] !== undefined)
      .map((name) =>
        when(
          (secrets[name] ?? "").length >= 32,
          `${name} of 32 characters`,
          `Make ${name} longer.`,
        )
      ),
  ];
};

const keyChecks: Check = async ({ management }) => {
  const keys = await apiKeys(management);
  return (["publishable", "secret"] as const).map((type) =>
    when(
      keys[type] !== undefined,
      `a ${type} API key`,
      `Make a ${type} key in the dashboard (API keys).`,
    )
  );
};

interface AuthConfig {
  mailer_autoconfirm?: boolean;
  smtp_host?: string | null;
  rate_limit_email_sent?: number;
  security_sb_forwarded_for_enabled?: boolean;
  site_url?: string;
}

const authChecks: Check = async ({ management, secrets }) => {
  const config = await management.get<AuthConfig>("/projects/{ref}/config/auth");
  const app = secrets["APP_URL"];
  return [
    when(
      config.mailer_autoconfirm !== true,
      "Auth confirms addresses",
      'Switch "Confirm email" on: otherwise anybody registers with anybody\'s address.',
    ),
    when(
      Boolean(config.smtp_host),
      "Auth has a mail server",
      "Enter SMTP settings for Auth: without, it mails the project's team only, a few an hour.",
    ),
    when(
      (config.rate_limit_email_sent ?? 0) >= 30,
      "Auth's limit of e-mails",
      "Raise Auth's limit of e-mails an hour to 30 or more.",
      "advice",
    ),
    when(
      config.security_sb_forwarded_for_enabled === true,
      "IP address forwarding",
      'Switch "IP address forwarding" on (Auth, Rate limits): otherwise all people share one limit.',
    ),
    ...(app
      ? [
        when(
          config.site_url === app,
          "Auth's site URL",
          `Auth's site URL is ${config.site_url}, APP_URL is ${app}.`,
          "advice",
        ),
      ]
      : []),
  ];
};

const apiChecks: Check = async ({ management }) => {
  const { db_schema = "" } = await management.get<{ db_schema?: string }>(
    "/projects/{ref}/postgrest",
  );
  const schemas = db_schema.split(",").map((name) => name.trim());
  return [
    when(
      schemas.includes("public"),
      "the Data API serves public",
      'Add "public" to the exposed schemas.',
    ),
    when(
      !schemas.includes("private"),
      "the Data API keeps private closed",
      'Remove "private" from the exposed schemas.',
    ),
  ];
};

const EXTENSIONS = [
  "pg_cron",
  "pg_net",
  "supabase_vault",
  "pg_trgm",
  "btree_gin",
  "btree_gist",
  "pgcrypto",
];

const databaseChecks: Check = async ({ management, isNew }) => {
  const available = await management.query<{ name: string }>(
    "select name from pg_available_extensions",
  );
  const known = new Set(available.map(({ name }) => name));
  const findings = EXTENSIONS.map((name) =>
    when(known.has(name), `extension ${name} can be had`, `The server does not offer ${name}.`)
  );
  if (isNew) return findings;
  const jobs = await management.query<{ name: string }>(`
    select j.name from private.jobs j where j.schedule is not null
      and not exists (
        select from cron.job c where c.jobname = j.name
          -- Switched off while no campaign runs (private.switch_progress_job).
          and (c.active or j.name = 'broadcast-campaign-progress'))`);
  const vault = await management.query<{ name: string }>(
    "select name from vault.secrets where name in ('project_url', 'jobs_secret_key', 'request_signing_key')",
  );
  const kept = new Set(vault.map(({ name }) => name));
  const buckets = await management.query<{ public: boolean }>(
    "select public from storage.buckets where id = 'report-files'",
  );
  return [
    ...findings,
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
    ...["project_url", "jobs_secret_key", "request_signing_key"].map((name) =>
      when(
        kept.has(name),
        `Vault has ${name}`,
        `Without it ${
          name === "request_signing_key" ? "the audit log has no addresses" : "nothing is sent"
        }. \`task deploy\` sets it.`,
      )
    ),
  ];
};

/** Whether Signalbox's schemas are in the database already. */
export async function isFirstDeployment(management: Management): Promise<boolean> {
  const [row] = await management.query<{ there: boolean }>(
    "select to_regclass('private.jobs') is not null as there",
  );
  return row?.there !== true;
}

/** Everything that can be known before anything is changed. */
export async function runChecks(context: CheckContext): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (
    const check of [projectChecks, keyChecks, secretChecks, authChecks, apiChecks, databaseChecks]
  ) {
    try {
      findings.push(...await check(context));
    } catch (error) {
      findings.push(
        missing(
          "an answer of the Management API",
          error instanceof Error ? error.message : String(error),
        ),
      );
    }
  }
  return findings;
}
