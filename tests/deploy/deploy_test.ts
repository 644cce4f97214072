import assert from "node:assert/strict";
import { join } from "node:path";
import { REQUEST_SIGNING_KEY } from "../../local/keys.ts";
import { database } from "../support/db.ts";
import { type FakeManagement, startManagement } from "../support/management_api.ts";
import { root } from "../support/spawn.ts";
import { stackUnderTest } from "../support/stack.ts";

const SECRETS = `# a comment
APP_URL=https://app.example.com
CALLBACK_SIGNING_SECRET=${"c".repeat(40)}
REQUEST_SIGNING_KEY='${REQUEST_SIGNING_KEY}'
RESEND_API_KEY="re_test"
TRUSTED_IP_HEADER=cf-connecting-ip
`;

interface Run {
  code: number;
  output: string;
  /** How the CLI was called. */
  cli: string[];
}

/** Runs the task against a Management API, with a CLI that only notes how it is called. */
async function runDeploy(
  management: FakeManagement,
  command: "check" | "deploy",
  { secrets = SECRETS, failing = "" } = {},
): Promise<Run> {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-deploy-" });
  const [cli, notes, file] = ["supabase", "notes", "secrets"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await Deno.writeTextFile(
    cli,
    `#!/bin/sh\necho "$@" >> ${notes}\n[ "$1" != "${failing || "nothing"}" ]\n`,
    { mode: 0o755 },
  );
  await Deno.writeTextFile(notes, "");
  await Deno.writeTextFile(file, secrets);
  try {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        "tools/deploy.ts",
        command,
        "--project-ref",
        "testref",
        "--skip-bundles",
        "--secrets",
        file,
      ],
      cwd: root,
      env: {
        SUPABASE_ACCESS_TOKEN: "sbp_test",
        MANAGEMENT_API_URL: management.url,
        PROJECT_URL: stackUnderTest().api_url,
        SUPABASE_CLI: cli,
      },
      stdout: "piped",
      stderr: "piped",
    }).output();
    const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    const called = (await Deno.readTextFile(notes)).split("\n").filter((line) => line !== "");
    return { code, output, cli: called };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the check finds nothing missing in a project that is ready, and changes nothing", async () => {
  await using management = startManagement();
  const { code, output, cli } = await runDeploy(management, "check");
  assert.equal(code, 0, output);
  assert.doesNotMatch(output, /MISSING/);
  assert.deepEqual(cli, []);
  assert.equal(management.secrets.size, 0);
});

Deno.test("the check names each thing that is missing, and what to do", async () => {
  await using management = startManagement();
  Object.assign(management.answers, {
    "/v1/projects/testref": {
      status: "INACTIVE",
      organization_slug: "acme",
      database: { version: "14.1" },
    },
    "/v1/organizations/acme": { plan: "free" },
    "/v1/projects/testref/config/auth": {
      mailer_autoconfirm: true,
      smtp_host: null,
      rate_limit_token_refresh: 30,
    },
    "/v1/projects/testref/config/realtime": { private_only: false },
    "/v1/projects/testref/postgrest": { db_schema: "public,private" },
  });
  const { code, output } = await runDeploy(management, "check", {
    secrets: "REQUEST_SIGNING_KEY=short\nSMTP_HOST=smtp.example.com\nSMTP_PORT=587\n",
  });
  assert.equal(code, 1);
  for (
    const wanted of [
      /MISSING the project runs/,
      /MISSING PostgreSQL 15/,
      /advice {2}a plan that does not pause/,
      /MISSING secret APP_URL/,
      /MISSING secret CALLBACK_SIGNING_SECRET/,
      /MISSING secret TRUSTED_IP_HEADER/,
      /MISSING REQUEST_SIGNING_KEY of 32 characters/,
      /MISSING a port for mail that functions can reach/,
      /MISSING Auth confirms addresses/,
      /MISSING Auth has a mail server/,
      /MISSING IP address forwarding/,
      /advice {2}Auth's limit of e-mails an hour/,
      /advice {2}Auth's limit of sign-ins/,
      /advice {2}Auth's limit of confirmations/,
      /advice {2}Auth's limit of registrations/,
      /MISSING Realtime allows private channels only/,
      /MISSING the Data API keeps private closed/,
      /Nothing was changed/,
    ]
  ) assert.match(output, wanted);
});

Deno.test("a bucket that is not there is missing", async () => {
  await using management = startManagement();
  management.rows = [{ matching: /storage\.buckets/, found: [] }];
  const { code, output } = await runDeploy(management, "check");
  assert.equal(code, 1);
  assert.match(output, /MISSING the private bucket report-files/);
});

Deno.test("a database that was restored from another project still names that one", async () => {
  await using management = startManagement();
  const vault = /vault\.decrypted_secrets/;
  const found = [
    { name: "project_url", value: "https://oldref.supabase.co", digest: "" },
    { name: "jobs_secret_key", value: null, digest: "0".repeat(64) },
    { name: "request_signing_key", value: null, digest: "0".repeat(64) },
  ];
  management.rows = [{ matching: vault, found }];
  const { code, output } = await runDeploy(management, "check");
  assert.equal(code, 1);
  assert.match(output, /MISSING Vault's project_url\n\s+It is https:\/\/oldref\.supabase\.co, /);
  assert.match(output, /MISSING Vault's jobs_secret_key\n\s+It is no secret key of this project/);
  assert.match(output, /MISSING Vault's request_signing_key\n\s+It is not REQUEST_SIGNING_KEY/);
  management.rows = [{ matching: vault, found: [] }];
  const other = await runDeploy(management, "check");
  assert.match(other.output, /MISSING Vault's project_url\n\s+It is not there/);
});

Deno.test("a signing key that the project does not have is missing", async () => {
  await using management = startManagement();
  const { keys } = await (await fetch(
    `${stackUnderTest().api_url}/auth/v1/.well-known/jwks.json`,
  )).json();
  const check = (key: unknown) =>
    runDeploy(management, "check", {
      secrets: `${SECRETS}TOKEN_SIGNING_KEY=${JSON.stringify(key)}\n`,
    });
  const known = await check({ ...keys[0], d: "private" });
  assert.equal(known.code, 0, known.output);
  assert.match(known.output, /ok {6}TOKEN_SIGNING_KEY is a key of this project/);
  const other = await check({ ...keys[0], d: "private", kid: "another" });
  assert.equal(other.code, 1);
  assert.match(other.output, /MISSING TOKEN_SIGNING_KEY is a key of this project\n.*have another/);
  const half = await check(keys[0]);
  assert.match(half.output, /MISSING TOKEN_SIGNING_KEY.*\n\s+It must be a private JWK/);
});

Deno.test("a Management API that refuses is a finding, not a crash", async () => {
  await using management = startManagement();
  delete management.answers["/v1/projects/testref/config/auth"];
  const { code, output } = await runDeploy(management, "check");
  assert.equal(code, 1);
  assert.match(
    output,
    /MISSING an answer of the Management API\n\s+The Management API answers 404 to GET .*config\/auth/,
  );
});

Deno.test("deploying pushes, sets secrets, deploys, and tries it as a tenant that is removed again", async () => {
  await using management = startManagement();
  const { code, output, cli } = await runDeploy(management, "deploy");
  assert.equal(code, 0, output);
  assert.deepEqual(cli, [
    "link --project-ref testref",
    "db push --yes",
    "functions deploy --project-ref testref",
  ]);
  assert.deepEqual([...management.secrets.keys()].sort(), [
    "APP_URL",
    "CALLBACK_SIGNING_SECRET",
    "REQUEST_SIGNING_KEY",
    "RESEND_API_KEY",
    "TRUSTED_IP_HEADER",
  ]);
  assert.equal(
    management.secrets.get("REQUEST_SIGNING_KEY"),
    REQUEST_SIGNING_KEY,
    "without quotes",
  );
  assert.deepEqual(
    management.vault.map((statement) => /, '([a-z_]+)'\)::text/.exec(statement)?.[1]),
    ["project_url", "jobs_secret_key", "request_signing_key"],
  );
  assert.match(output, /A demo tenant could work, and was removed again/);
  assert.match(output, /To go back/);
  const [left] = await database()`
    select (select count(*)::int from public.organizations where name like 'Smoke test %') as organizations,
      (select count(*)::int from auth.users where email like 'smoke-%' and deleted_at is null) as people`;
  assert.deepEqual({ ...left }, { organizations: 0, people: 0 });
});

Deno.test("what a deployment did not leave behind is named after it, and nobody says that it works", async () => {
  await using management = startManagement();
  management.rows = [
    { matching: /from private\.jobs/, found: [{ name: "minute-tasks" }] },
    { matching: /storage\.buckets/, found: [{ public: true }] },
    { matching: /vault\.decrypted_secrets/, found: [] },
  ];
  management.forgotten = ["APP_URL"];
  const [first, second, ...others] = management.answers["/v1/projects/testref/functions"] as {
    slug: string;
  }[];
  management.answers["/v1/projects/testref/functions"] = [
    { ...first, status: "THROTTLED" },
    { ...second, verify_jwt: true },
    ...others,
  ];
  const { code, output, cli } = await runDeploy(management, "deploy");
  assert.equal(code, 1, output);
  assert.equal(cli.at(-1), "functions deploy --project-ref testref");
  for (
    const wanted of [
      /MISSING all jobs are scheduled\n\s+Not scheduled: minute-tasks/,
      /MISSING the private bucket report-files/,
      /MISSING Vault's project_url\n\s+It is not there/,
      /MISSING Vault's jobs_secret_key/,
      /MISSING Vault's request_signing_key/,
      /MISSING all secrets are set\n\s+Not set: APP_URL/,
      new RegExp(`MISSING all functions are deployed\\n\\s+Not active: ${first?.slug}\\.`),
      new RegExp(`MISSING functions check tokens themselves\\n.* before ${second?.slug}:`),
      /It was deployed, but what is MISSING is not there/,
      /To go back/,
    ]
  ) assert.match(output, wanted);
  assert.doesNotMatch(output, /A demo tenant could work/);
});

Deno.test("a project without the present API keys is not touched", async () => {
  await using management = startManagement();
  management.answers["/v1/projects/testref/api-keys"] = [{ name: "anon", api_key: "a.b.c" }];
  const { code, output, cli } = await runDeploy(management, "deploy", {
    secrets: SECRETS.replace("c".repeat(40), "'short'"),
  });
  assert.equal(code, 1);
  assert.match(output, /MISSING CALLBACK_SIGNING_SECRET of 32 characters/);
  assert.match(output, /MISSING a publishable API key/);
  assert.match(output, /MISSING a secret API key/);
  assert.deepEqual(cli, []);
  assert.equal(management.secrets.size, 0);
});

Deno.test("what is left of the demo tenant is named, each part for itself", async () => {
  await using management = startManagement();
  management.refused = /delete from public\.organizations/;
  const { code, output } = await runDeploy(management, "deploy");
  assert.equal(code, 1);
  // Its person cannot go before it: an organization keeps one admin.
  const named = /The demo tenant of (\S+) was not removed: its organization \(.*, its person \(/;
  const [, userId = ""] = named.exec(output) ?? [];
  assert.notEqual(userId, "", output);
  await database()`delete from public.organizations o using public.memberships m
    where m.organization_id = o.id and m.user_id = ${userId}`;
  await database()`delete from auth.users where id = ${userId}`;
});

Deno.test("when the migrations fail, nothing after them is done", async () => {
  await using management = startManagement();
  const { code, output, cli } = await runDeploy(management, "deploy", {
    failing: "db",
  });
  assert.equal(code, 1);
  assert.deepEqual(cli, ["link --project-ref testref", "db push --yes"]);
  assert.equal(management.secrets.size, 0);
  assert.match(output, /supabase db push --yes failed/);
});
