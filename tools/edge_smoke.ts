/*
 * Runs every function under the Deno that hosted Supabase's edge runtime is built on (2.1.4) against a stack of its own,
 * and asks each for its health and one real answer. What is younger than that runtime fails here.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf, say, warn } from "../local/log.ts";
import { setFunctionEnvironment } from "../local/functions/env.ts";
import { portsFrom } from "../local/settings.ts";
import type { Status } from "../local/status_file.ts";
import { freePorts } from "../tests/support/free_ports.ts";
import { tokenOf } from "../tests/support/own_stack.ts";
import { spawnStack } from "../tests/support/spawn.ts";
import { edgeEnvironment, edgeRuntimePath } from "./edge_runtime.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const START_LIMIT_MS = 60_000;

/** A request below a function and the status that it must have. Without one of its own, `GET /<function>` answers 200. */
interface Probe {
  method?: string;
  path: string;
  status?: number;
  body?: BodyInit;
  headers?: Record<string, string>;
}

function probes(status: Status): Record<string, Probe> {
  const json = { "content-type": "application/json" };
  const sheet = new FormData();
  const file = Deno.readFileSync(
    join(root, "docs/examples/arrears-november.xlsx"),
  );
  sheet.append("file", new File([file], "arrears.xlsx"));
  return {
    admin: { path: "/users" },
    analytics: { path: "/dashboard" },
    auth: { path: "/me" },
    dashboard: { path: "/metrics" },
    docs: { path: "/openapi.json" },
    health: { path: "" },
    jobs: {
      method: "POST",
      path: "/send-emails",
      status: 202,
      headers: { apikey: status.secret_key, authorization: "" },
    },
    leads: { path: "/export?format=xlsx" },
    notes: { path: "/inbox" },
    pipeline: { path: "/summary" },
    "report-jobs": {
      method: "POST",
      path: "/run-reports",
      status: 202,
      headers: { apikey: status.secret_key, authorization: "" },
    },
    sms: {
      method: "POST",
      path: "/send",
      status: 202,
      body: JSON.stringify({ to: "0244100199", message: "Hello 😀" }),
      headers: json,
    },
    upload: { method: "POST", path: "/excel", status: 201, body: sheet },
    webhooks: {
      method: "POST",
      path: "/twilio/status",
      status: 403,
      body: new URLSearchParams({
        MessageSid: "SM1",
        AccountSid: "AC1",
        MessageStatus: "sent",
      }),
    },
  };
}

/** A copy away from the workspace, so that the deployed import map counts. */
async function copyFunctions(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-edge-" });
  const { success } = await new Deno.Command("cp", {
    args: ["-r", join(root, "supabase", "functions") + "/.", folder],
  }).output();
  if (!success) throw new Error("The functions could not be copied.");
  await Deno.copyFile(
    join(root, "tools", "edge_boot.ts"),
    join(folder, "_boot.ts"),
  );
  return folder;
}

async function answers(
  url: string,
  init: RequestInit,
): Promise<{ status: number; text: string }> {
  const response = await fetch(url, init);
  return { status: response.status, text: await response.text() };
}

interface Trial {
  runtime: string;
  folder: string;
  port: number;
  probe: Probe;
  headers: Record<string, string>;
}

function startFunction(name: string, { runtime, folder, port }: Trial): Deno.ChildProcess {
  return new Deno.Command(runtime, {
    args: [
      "run",
      "-A",
      "--no-lock",
      "--no-check",
      "_boot.ts",
      `./${name}/index.ts`,
      String(port),
    ],
    cwd: folder,
    env: edgeEnvironment,
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

/** Whether it answers requests before it ends and before the limit. */
async function hasStarted(child: Deno.ChildProcess, url: string): Promise<boolean> {
  const limit = Date.now() + START_LIMIT_MS;
  while (
    !await fetch(`${url}/health`).then((r) => r.body?.cancel(), () => false)
      .then((r) => r !== false)
  ) {
    const ended = await Promise.race([
      child.status,
      new Promise((done) => setTimeout(done, 200)),
    ]);
    if (ended !== undefined || Date.now() > limit) return false;
  }
  return true;
}

/** What is wrong with the answers of a function that has started; null if nothing is. */
async function answerFault(
  name: string,
  url: string,
  { probe, headers }: Trial,
): Promise<string | null> {
  const health = await answers(`${url}/health`, { headers });
  if (health.status !== 200) {
    return `/health answered ${health.status}: ${health.text}`;
  }
  const { method = "GET", path, status = 200, body } = probe;
  const answer = await answers(`${url}${path}`, {
    method,
    headers: { ...headers, ...probe.headers },
    ...(body !== undefined && { body }),
  });
  return answer.status === status
    ? null
    : `${method} /${name}${path} answered ${answer.status}: ${answer.text.slice(0, 500)}`;
}

/** What is wrong with a function under the edge runtime; null if nothing is. */
async function faultOf(name: string, trial: Trial): Promise<string | null> {
  const child = startFunction(name, trial);
  const said = new Response(child.stderr).text();
  try {
    const url = `http://127.0.0.1:${trial.port}/${name}`;
    if (!await hasStarted(child, url)) return `did not start: ${await said}`;
    return await answerFault(name, url, trial);
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await child.status;
  }
}

async function smoke(status: Status, smtpPort: number): Promise<number> {
  const folder = await copyFunctions();
  const runtime = await edgeRuntimePath();
  setFunctionEnvironment(root, {
    status,
    functionsUrl: status.api_url,
    smtpPort,
  });
  const token = await tokenOf(status, "admin@demo.signalbox.test");
  const headers = {
    apikey: status.publishable_key,
    authorization: `Bearer ${token}`,
  };
  const names = [...Deno.readDirSync(folder)]
    .filter((entry) => entry.isDirectory && !entry.name.startsWith("_")).map((
      { name },
    ) => name);
  const special = probes(status);
  let failed = 0;
  const queue = names.sort().values();
  const worker = async (port: number) => {
    for (const name of queue) {
      const probe = special[name] ?? { path: "" };
      const fault = await faultOf(name, {
        runtime,
        folder,
        port: port++,
        probe,
        headers,
      });
      if (fault === null) say(`ok  ${name}`);
      else {
        failed++;
        warn(`${name}: ${fault}`);
      }
    }
  };
  const first = freePorts(38_000 + 100 * (Deno.pid % 50));
  await Promise.all([worker(first), worker(first + 50)]);
  await Deno.remove(folder, { recursive: true });
  return failed;
}

async function main(): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-edge-stack-" });
  const port = freePorts(31_000 + 5 * (Deno.pid % 1_000));
  const stack = await spawnStack({ folder, port });
  try {
    const failed = await smoke(stack.status, portsFrom(port).smtp);
    return failed > 0 ? 1 : 0;
  } finally {
    await stack.remove();
  }
}

try {
  Deno.exit(await main());
} catch (error) {
  warn(messageOf(error));
  Deno.exit(1);
}
