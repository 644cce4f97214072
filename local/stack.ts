import { join } from "node:path";
import postgres from "postgres";
import { createConsole } from "./console/console.ts";
import type { AuthOptions } from "./auth/worker.ts";
import { createCarrierPart } from "./carrier/main.ts";
import type { DataApiOptions, DataApiPorts } from "./data_api/worker.ts";
import type { Cluster } from "./database/cluster.ts";
import { startDatabase, stopLeftoverDatabase } from "./database/start.ts";
import { DEMO_PEOPLE } from "./demo.ts";
import { Failure } from "./failure.ts";
import { forwardTo } from "./forward.ts";
import { createGooglePart } from "./google/main.ts";
import { setFunctionEnvironment } from "./functions/env.ts";
import { createFunctions } from "./functions/gateway.ts";
import { watchFunctions } from "./functions/watch.ts";
import { startGateway } from "./gateway.ts";
import { startCron } from "./jobs/cron.ts";
import { startNet } from "./jobs/net.ts";
import { PUBLISHABLE_KEY, SECRET_KEY } from "./keys.ts";
import { startMailCatcher } from "./mail/catcher.ts";
import { startHousekeeping } from "./platform.ts";
import { requireFreePorts } from "./ports.ts";
import { readConfig } from "./project_config.ts";
import { createReceivers } from "./receivers/receivers.ts";
import { createRealtime } from "./realtime/server.ts";
import type { Settings } from "./settings.ts";
import { claim, removeStatus, type Status, writeStatus } from "./status_file.ts";
import { createStorage } from "./storage/front.ts";
import { createPart } from "./workers/start.ts";

/** A stack that answers. */
export interface Stack {
  status: Status;
  /** Rejects if a part ends that the rest cannot do without. */
  failed: Promise<never>;
  stop(): Promise<void>;
}

/** What must end again, in the order it was started. */
type Undo = (() => void | Promise<void>)[];

/**
 * Starts everything and returns when it answers. `say` gets one line for each step.
 * Throws a `Failure` for what the user can put right; nothing is left running then.
 */
export async function startStack(
  settings: Settings,
  say: (line: string) => void = () => {},
): Promise<Stack> {
  const undo: Undo = [];
  const stop = async () => {
    while (undo.length > 0) await undo.pop()?.();
  };
  try {
    return await start(settings, { say, undo, stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Progress {
  say: (line: string) => void;
  undo: Undo;
  stop: () => Promise<void>;
}

async function start(settings: Settings, { say, undo, stop }: Progress): Promise<Stack> {
  const { dataDir, ports } = settings;
  const held = claim(dataDir);
  undo.push(held.release);
  removeStatus(dataDir);
  await stopLeftoverDatabase(settings);
  requireFreePorts(ports);
  const starting = startDatabase(settings, apiUrlOf(settings), say);
  undo.push(() => starting.then((started) => started.stop(), () => {}));
  const parts = createParts();
  for (const part of Object.values(parts)) undo.push(part.stop);
  const cluster = await starting;

  const status = describe(settings, cluster);
  const mail = await startMailCatcher(ports, createReceivers(status.mail_url));
  undo.push(mail.stop);
  say(`mail       ${status.mail_url}/messages, SMTP on ${ports.smtp}`);
  await serve(settings, { cluster, parts, status, undo });
  say(`carrier    ${status.carrier_url}`);
  say(`receivers  ${status.mail_url}/receivers`);
  say(`google     ${status.google_url}`);
  say(`api        ${status.api_url}`);
  say(`console    ${status.api_url}/`);
  writeStatus(dataDir, status);
  undo.push(() => removeStatus(dataDir));
  return { status, failed: firstFailure(cluster, parts), stop };
}

/** The parts with threads of their own. They load while the database starts. */
function createParts() {
  return {
    carrier: createCarrierPart(),
    google: createGooglePart(),
    dataApi: createPart<DataApiOptions, DataApiPorts>(
      "The Data API",
      import.meta.resolve("./data_api/worker.ts"),
    ),
    auth: createPart<AuthOptions, { port: number }>(
      "Auth",
      import.meta.resolve("./auth/worker.ts"),
    ),
  };
}

function firstFailure(cluster: Cluster, parts: Parts): Promise<never> {
  const database = cluster.ended.then(() =>
    Promise.reject(new Failure("PostgreSQL ended unexpectedly: its log is in the data folder."))
  );
  const failed = Promise.race([database, ...Object.values(parts).map((part) => part.failed)]);
  failed.catch(() => {});
  return failed;
}

const apiUrlOf = ({ ports }: Settings) => `http://127.0.0.1:${ports.api}`;

function describe(settings: Settings, cluster: Cluster): Status {
  return {
    api_url: apiUrlOf(settings),
    db_url: cluster.url,
    publishable_key: PUBLISHABLE_KEY,
    secret_key: SECRET_KEY,
    carrier_url: `http://127.0.0.1:${settings.ports.carrier}`,
    google_url: `${apiUrlOf(settings)}/google`,
    mail_url: `http://127.0.0.1:${settings.ports.mail}`,
    demo: DEMO_PEOPLE,
  };
}

type Parts = ReturnType<typeof createParts>;

interface Ground {
  cluster: Cluster;
  parts: Parts;
  status: Status;
  undo: Undo;
}

async function serve(settings: Settings, { cluster, parts, status, undo }: Ground): Promise<void> {
  const { projectDir, dataDir, ports } = settings;
  const { adminUrl } = cluster;
  const sql = postgres(adminUrl, { max: 10, onnotice: () => {} });
  undo.push(() => sql.end({ timeout: 1 }));
  const apiUrl = status.api_url;
  const [dataApi, auth, google] = await Promise.all([
    parts.dataApi.start({ adminUrl, apiUrl }),
    parts.auth.start({ adminUrl, apiUrl, mailUrl: status.mail_url }),
    parts.google.start({ url: status.google_url, dataDir: join(dataDir, "google") }),
    parts.carrier.start({
      port: ports.carrier,
      dataDir: join(dataDir, "carrier"),
      latencyMs: settings.carrierLatencyMs,
      inboundUrl: `${apiUrl}/functions/v1/webhooks/twilio/inbound`,
    }),
  ]);
  const functionsUrl = `http://127.0.0.1:${dataApi.functionsPort}`;
  setFunctionEnvironment(projectDir, { status, functionsUrl, smtpPort: ports.smtp });
  const functions = createFunctions({
    projectDir,
    config: readConfig(projectDir),
    timeoutMs: settings.functionTimeoutMs,
  });
  undo.push(functions.stop);
  undo.push(watchFunctions(projectDir, functions).stop);
  const realtime = await createRealtime(sql);
  undo.push(realtime.stop);
  const server = startGateway(ports.api, {
    rest: forwardTo(dataApi.port),
    auth: forwardTo(auth.port),
    storage: createStorage({ sql, folder: join(dataDir, "storage") }),
    realtime: realtime.handle,
    functions: functions.handle,
    google: forwardTo(google.port),
    console: createConsole({ sql, status }),
  });
  undo.push(() => closeServer(server));
  undo.push((await startHousekeeping(sql)).stop);
  undo.push((await startCron(sql, adminUrl)).stop);
  undo.push((await startNet(adminUrl)).stop);
}

/** Lets requests under way finish for a moment; open streams would never let it stop. */
async function closeServer(server: Deno.HttpServer): Promise<void> {
  await Promise.race([server.shutdown(), new Promise((done) => setTimeout(done, 500))]);
}
