import { dirname, join } from "node:path";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import postgres from "postgres";
import type { Status } from "../../local/status_file.ts";
import { freePorts } from "../support/free_ports.ts";
import { spawnStack } from "../support/spawn.ts";

const FUNCTION_TIMEOUT_MS = 10_000;

/** A stack on a small project of its own, for tests of the stack itself. */
export interface Fixture {
  status: Status;
  /** The project's folder; its functions may be changed while the stack runs. */
  projectDir: string;
  /** The database as `postgres`. */
  sql: postgres.Sql;
  /** Ends the stack as a user would, or as a crash would. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
  /** Starts it again on the same data. */
  restart(): Promise<void>;
  /** Ends it and removes everything. */
  remove(): Promise<void>;
}

let shared: Promise<Fixture> | undefined;

/** The stack that all suites of this process share. */
export function stack(): Promise<Fixture> {
  return shared ??= createFixture();
}

async function createFixture(): Promise<Fixture> {
  const projectDir = await Deno.makeTempDir({ prefix: "signalbox-project-" });
  await writeProject(projectDir);
  const options = {
    folder: await Deno.makeTempDir({ prefix: "signalbox-stack-" }),
    // Away from where outgoing connections get their ports, which come and go.
    port: freePorts(30_000 + 5 * (Deno.pid % 180)),
    env: {
      SIGNALBOX_PROJECT: projectDir,
      SIGNALBOX_FUNCTION_TIMEOUT_MS: String(FUNCTION_TIMEOUT_MS),
    },
  };
  let running = await spawnStack(options);
  const { status } = running;
  const sql = postgres(status.db_url, { max: 4, onnotice: () => {} });
  return {
    status,
    projectDir,
    sql,
    end: (signal) => running.end(signal),
    restart: async () => void (running = await spawnStack(options)),
    async remove() {
      await sql.end({ timeout: 1 });
      await running.remove();
      await Deno.remove(projectDir, { recursive: true });
    },
  };
}

/** Writes a file of a function, as a developer would while the stack runs. */
export async function writeFunction(projectDir: string, file: string, code: string): Promise<void> {
  const path = join(projectDir, "supabase", "functions", file);
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, code);
}

async function writeProject(projectDir: string): Promise<void> {
  const supabase = join(projectDir, "supabase");
  await Deno.mkdir(join(supabase, "migrations"), { recursive: true });
  await Deno.writeTextFile(join(supabase, "config.toml"), config);
  await Deno.copyFile(
    new URL("./schema.sql", import.meta.url),
    join(supabase, "migrations", "20260101000000_schema.sql"),
  );
  await writeFunction(projectDir, "echo/index.ts", echo);
  await writeFunction(projectDir, "guarded/index.ts", `Deno.serve(() => new Response("in"));`);
}

const config = `
[functions.echo]
verify_jwt = false

[functions.guarded]
verify_jwt = true
`;

/** Imports nothing: this project lies outside the workspace, so it has no import map. */
const echo = `Deno.serve(async (request) => {
  if (request.headers.get("upgrade") === "websocket") {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send("echo " + data);
    return response;
  }
  const url = new URL(request.url);
  if (url.pathname === "/echo/exit") Deno.exit(0);
  if (url.pathname === "/echo/exit-after") {
    setTimeout(() => Deno.exit(0), 20);
    return new Response(url.port);
  }
  if (url.pathname === "/echo/hang") for (;;);
  if (url.pathname === "/echo/stream") {
    let send;
    const body = new ReadableStream({ start(c) { send = c; c.enqueue(new TextEncoder().encode("data: first\\n\\n")); } });
    EdgeRuntime.waitUntil(new Promise(() => send));
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }
  return Response.json({
    path: url.pathname + url.search,
    body: await request.text(),
    forwarded: request.headers.get("x-forwarded-for"),
    host: request.headers.get("x-forwarded-host"),
    apikey: request.headers.get("apikey"),
    secret: Deno.env.get("SUPABASE_SECRET_KEYS"),
  });
});
`;

const quiet = {
  auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  // How long a channel may take to be joined on a busy machine.
  realtime: { timeout: 60_000 },
};

/** A client with the secret key. */
export function adminClient({ status }: Fixture): SupabaseClient {
  return createClient(status.api_url, status.secret_key, quiet);
}

/** A client with the publishable key and no session. */
export function anonymousClient({ status }: Fixture): SupabaseClient {
  return createClient(status.api_url, status.publishable_key, quiet);
}

/** Somebody who signed in. */
export interface Person {
  id: string;
  email: string;
  password: string;
  client: SupabaseClient;
}

/** Makes a user and signs in as that user. */
export async function signedInPerson(
  fixture: Fixture,
  metadata: Record<string, string> = {},
): Promise<Person> {
  const [email, password] = [`${crypto.randomUUID()}@stack.test`, crypto.randomUUID()];
  const created = await adminClient(fixture).auth.admin.createUser({
    email,
    password,
    email_confirm: true,
    user_metadata: metadata,
  });
  if (created.error) throw created.error;
  const client = anonymousClient(fixture);
  const { error } = await client.auth.signInWithPassword({ email, password });
  if (error) throw error;
  return { id: created.data.user.id, email, password, client };
}
