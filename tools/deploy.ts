/*
 * Deploys Signalbox to a hosted project of Supabase:
 *
 *   deno task deploy:check --project-ref <ref> [--secrets <file>]
 *   deno task deploy --project-ref <ref> --secrets <file>
 *
 * SUPABASE_ACCESS_TOKEN is a personal access token. The file of secrets has lines NAME=value. The check changes nothing and
 * fails if something is missing. Deploying checks first, then pushes the migrations, sets the secrets, deploys the functions,
 * tells the database where they are, checks that all of this is there, cron jobs, bucket and Vault's secrets among it, and
 * tries everything as a demo tenant that it removes again. --skip-bundles leaves out
 * the sizes of the functions' bundles, which take a minute. MANAGEMENT_API_URL,
 * PROJECT_URL and SUPABASE_CLI are for tests and self-hosted platforms.
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { messageOf, say, warn } from "../local/log.ts";
import { isFirstDeployment, runChecks, runDeployedChecks } from "./deploy/checks.ts";
import type { Finding } from "./deploy/finding.ts";
import { apiKeys, type Management, managementOf } from "./deploy/management.ts";
import { type Project, smokeTest } from "./deploy/smoke.ts";

const { positionals: [command], values } = parseArgs({
  allowPositionals: true,
  options: {
    "project-ref": { type: "string" },
    secrets: { type: "string" },
    "skip-bundles": { type: "boolean", default: false },
  },
});

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function required(value: string | undefined, what: string): string {
  if (!value) throw new Error(`Give ${what}.`);
  return value;
}

/** NAME=value lines; empty lines and lines that begin with # do not count. */
function readSecrets(path: string | undefined): Record<string, string> {
  if (!path) return {};
  const lines = Deno.readTextFileSync(path).split("\n").map((line) => line.trim());
  return Object.fromEntries(
    lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => {
      const at = line.indexOf("=");
      if (at < 1) throw new Error(`${path}: a line is not NAME=value.`);
      return [line.slice(0, at), line.slice(at + 1).replace(/^(["'])(.*)\1$/, "$2")];
    }),
  );
}

async function cli(...args: string[]): Promise<void> {
  const given = Deno.env.get("SUPABASE_CLI");
  const [program, ...first] = given ? [given] : ["npx", "-y", "supabase@3.1.0"];
  const { success } = await new Deno.Command(program ?? "npx", {
    args: [...first, ...args],
    cwd: root,
  }).spawn().status;
  if (!success) throw new Error(`supabase ${args.join(" ")} failed: nothing after it was done.`);
}

function show(findings: Finding[]): boolean {
  const marks = { ok: "ok      ", missing: "MISSING ", advice: "advice  " };
  for (const { name, state, todo } of findings) {
    say(`${marks[state]}${name}${todo ? `\n        ${todo}` : ""}`);
  }
  return findings.every(({ state }) => state !== "missing");
}

/** Whether hosted Supabase would accept the size of every function. */
async function bundleSizes(): Promise<Finding> {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-bundles-" });
  try {
    const run = (program: string, ...args: string[]) =>
      new Deno.Command(program, { args, cwd: root, stdout: "piped", stderr: "piped" }).output();
    await run("cp", "-r", "supabase/functions", folder);
    const { success, stdout, stderr } = await run(
      Deno.execPath(),
      ...["run", "-A", "tools/bundle_sizes.ts", `${folder}/functions`],
    );
    const name = "every bundle is small enough";
    if (success) return { name, state: "ok" };
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    return { name, state: "missing", todo: said.trim().split("\n").slice(-5).join("\n        ") };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const projectUrlOf = (ref: string): string =>
  Deno.env.get("PROJECT_URL") ?? `https://${ref}.supabase.co`;

async function projectOf(management: Management, ref: string): Promise<Project> {
  const { publishable, secret } = await apiKeys(management);
  return {
    url: projectUrlOf(ref),
    publishableKey: required(
      publishable,
      "the project a publishable key (dashboard, API keys)",
    ),
    secretKey: required(secret, "the project a secret key (dashboard, API keys)"),
  };
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Vault has one value for each name: what is there is replaced. */
async function keepInVault(management: Management, entries: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(entries)) {
    await management.query(`
      select case when s.id is null then vault.create_secret(${quoted(value)}, ${
      quoted(name)
    })::text
        else vault.update_secret(s.id, ${quoted(value)})::text end
      from (select 1) one left join vault.secrets s on s.name = ${quoted(name)}`);
  }
}

const wayBack = `To go back: deploy the functions of the commit before (git checkout <commit>, then
supabase functions deploy). Migrations only add until the next one says otherwise, so the older
functions work with the newer schema; a restore of the database is the last resort
(docs/operations.md).`;

async function deploy(
  management: Management,
  ref: string,
  secrets: Record<string, string>,
): Promise<void> {
  const project = await projectOf(management, ref);
  await cli("link", "--project-ref", ref);
  await cli("db", "push", "--yes");
  await management.post(
    "/projects/{ref}/secrets",
    Object.entries(secrets).map(([name, value]) => ({ name, value })),
  );
  await cli("functions", "deploy", "--project-ref", ref);
  await keepInVault(management, {
    project_url: project.url,
    jobs_secret_key: project.secretKey,
    ...(secrets["REQUEST_SIGNING_KEY"] && { request_signing_key: secrets["REQUEST_SIGNING_KEY"] }),
  });
  const context = { management, projectUrl: project.url, secrets, isNew: false };
  if (!show(await runDeployedChecks(context))) {
    throw new Error(
      `It was deployed, but what is MISSING is not there, and it was not tried.\n${wayBack}`,
    );
  }
  await smokeTest(project, management);
  say("A demo tenant could work, and was removed again.");
}

async function run(): Promise<number> {
  const ref = required(values["project-ref"], "--project-ref");
  const token = required(
    Deno.env.get("SUPABASE_ACCESS_TOKEN"),
    "SUPABASE_ACCESS_TOKEN in the environment",
  );
  const url = Deno.env.get("MANAGEMENT_API_URL") ?? "https://api.supabase.com";
  const management = managementOf(url, token, ref);
  const secrets = readSecrets(values.secrets);
  const isNew = await isFirstDeployment(management);
  const isDeploying = command === "deploy";
  // What deploying sets itself is not missing before it.
  const findings = await runChecks({
    management,
    projectUrl: projectUrlOf(ref),
    secrets,
    isNew: isNew || isDeploying,
  });
  if (!values["skip-bundles"]) findings.push(await bundleSizes());
  const fine = show(findings);
  if (!fine) {
    warn("Something is missing. Nothing was changed.");
    return 1;
  }
  if (!isDeploying) return 0;
  required(values.secrets, "--secrets");
  await deploy(management, ref, secrets);
  say(wayBack);
  return 0;
}

try {
  Deno.exit(await run());
} catch (error) {
  warn(messageOf(error));
  Deno.exit(1);
}
