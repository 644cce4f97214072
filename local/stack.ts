import { join } from "node:path";
import postgres from "postgres";
import { createAuth } from "./auth/front.ts";
import { createMailer } from "./auth/mailer.ts";
import { bootstrap } from "./bootstrap.ts";
import { startCarrier } from "./carrier/main.ts";
import { createLite, type Lite } from "./data_api/app.ts";
import { createRest } from "./data_api/rest.ts";
import { type Cluster, startCluster, stopLeftoverCluster } from "./database/cluster.ts";
import { migrate, seed } from "./database/migrations.ts";
import { DEMO_PEOPLE } from "./demo.ts";
import { Failure } from "./failure.ts";
import { setFunctionEnvironment } from "./functions/env.ts";
import { createFunctions } from "./functions/gateway.ts";
import { watchFunctions } from "./functions/watch.ts";
import { startGateway } from "./gateway.ts";
import { startCron } from "./jobs/cron.ts";
import { startNet } from "./jobs/net.ts";
import { PUBLISHABLE_KEY, SECRET_KEY } from "./keys.ts";
import { type MailCatcher, startMailCatcher } from "./mail/catcher.ts";
import { keepVaultSecrets, makeBuckets, startHousekeeping } from "./platform.ts";
import { requireFreePorts } from "./ports.ts";
import { readConfig } from "./project_config.ts";
import { createRealtime } from "./realtime/server.ts";
import type { Settings } from "./settings.ts";
import { claim, removeStatus, type Status, writeStatus } from "./status_file.ts";
import { createStorage } from "./storage/front.ts";

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
  await stopLeftoverCluster(dataDir);
  requireFreePorts(ports);

  const cluster = await startCluster(dataDir, ports.database);
  undo.push(cluster.stop);
  say(`database   127.0.0.1:${ports.database}`);
  await prepareDatabase(settings, cluster, say);

  const mail = await startMailCatcher(ports);
  undo.push(mail.stop);
  say(`mail       http://127.0.0.1:${ports.mail}/messages, SMTP on ${ports.smtp}`);
  const carrier = await startCarrier({
    port: ports.carrier,
    dataDir: join(dataDir, "carrier"),
    latencyMs: settings.carrierLatencyMs,
    inboundUrl: `${apiUrlOf(settings)}/functions/v1/webhooks/twilio/inbound`,
  });
  undo.push(carrier.stop);
  say(`carrier    ${carrier.url}`);

  const status = describe(settings, cluster, carrier.url);
  await serve(settings, { cluster, mail, status, undo });
  say(`api        ${status.api_url}`);
  await startWorkers(cluster, undo);
  say("workers    cron, net");
  writeStatus(dataDir, status);
  undo.push(() => removeStatus(dataDir));
  const failed = cluster.ended.then(() =>
    Promise.reject(new Failure("PostgreSQL ended by itself: its log is in the data folder."))
  );
  failed.catch(() => {});
  return { status, failed, stop };
}

async function prepareDatabase(
  settings: Settings,
  cluster: Cluster,
  say: (line: string) => void,
): Promise<void> {
  await bootstrap(cluster.adminUrl);
  const sql = postgres(cluster.url, { max: 1, onnotice: () => {} });
  try {
    await keepVaultSecrets(sql, apiUrlOf(settings));
    const applied = await migrate(sql, settings.projectDir);
    for (const name of applied) say(`migration  ${name}`);
    await makeBuckets(sql, readConfig(settings.projectDir));
    if (await seed(sql, settings.projectDir)) say("seed       supabase/seed.sql");
  } finally {
    await sql.end();
  }
}

const apiUrlOf = ({ ports }: Settings) => `http://127.0.0.1:${ports.api}`;

function describe(settings: Settings, cluster: Cluster, carrierUrl: string): Status {
  return {
    api_url: apiUrlOf(settings),
    db_url: cluster.url,
    publishable_key: PUBLISHABLE_KEY,
    secret_key: SECRET_KEY,
    carrier_url: carrierUrl,
    mail_url: `http://127.0.0.1:${settings.ports.mail}`,
    demo: DEMO_PEOPLE,
  };
}

interface Parts {
  cluster: Cluster;
  mail: MailCatcher;
  status: Status;
  undo: Undo;
}

async function serve(settings: Settings, { cluster, mail, status, undo }: Parts): Promise<void> {
  const { projectDir, dataDir, ports } = settings;
  const sql = postgres(cluster.adminUrl, { max: 10, onnotice: () => {} });
  undo.push(() => sql.end({ timeout: 1 }));
  const lite = createLite(cluster.adminUrl, status.api_url);
  undo.push(() => lite.connection.close());
  const mailer = createMailer(status.api_url, (message) => mail.deliver(message));
  lite.sendMailsWith(mailer);

  setFunctionEnvironment(projectDir, status, ports.smtp);
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
    rest: createRest(lite.fetch),
    auth: createAuth({ sql, apiUrl: status.api_url, mailer, lite: lite.fetch }),
    storage: createStorage({ sql, folder: join(dataDir, "storage") }),
    realtime: realtime.handle,
    functions: functions.handle,
  });
  undo.push(() => closeServer(server));
  await watchSchema(cluster, lite, undo);
}

/** Lets requests under way finish for a moment; open streams would hold the stop up for ever. */
async function closeServer(server: Deno.HttpServer): Promise<void> {
  await Promise.race([server.shutdown(), new Promise((done) => setTimeout(done, 500))]);
}

async function watchSchema(cluster: Cluster, lite: Lite, undo: Undo): Promise<void> {
  const housekeeping = await startHousekeeping(
    cluster.adminUrl,
    () => lite.connection.clearSchemaCache(),
  );
  undo.push(housekeeping.stop);
}

async function startWorkers(cluster: Cluster, undo: Undo): Promise<void> {
  const cron = await startCron(cluster.adminUrl);
  undo.push(cron.stop);
  const net = await startNet(cluster.adminUrl);
  undo.push(net.stop);
}
