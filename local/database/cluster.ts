import { basename, join } from "node:path";
import postgres from "postgres";
import { Failure } from "../failure.ts";
import { DATABASE_PASSWORD } from "../keys.ts";
import { type Account, giveTo } from "./account.ts";

/** A running PostgreSQL server. */
export interface Cluster {
  /** Connects as the superuser that owns the platform's schemas. */
  adminUrl: string;
  /** Connects as `postgres`, who is no superuser, as on hosted Supabase. */
  url: string;
  /** Settles when the server ends, for any reason. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

const serverFlags = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  // A crash of the machine may lose local data, a crash of the stack does not.
  fsync: "off",
  full_page_writes: "off",
  max_connections: "200",
  shared_buffers: "256MB",
  max_wal_size: "2GB",
  wal_level: "minimal",
  // Segments are neither filled with zeros nor kept for later: a fresh database is small to copy.
  wal_init_zero: "off",
  wal_recycle: "off",
  max_wal_senders: "0",
  logging_collector: "on",
  log_directory: "log",
  log_filename: "postgres.log",
  log_rotation_size: "10MB",
  log_truncate_on_rotation: "on",
};

/** What it takes to run a server on a folder. */
export interface ServerOptions {
  /** The folder that holds PostgreSQL's `bin`. */
  binaries: string;
  folder: string;
  account: Account;
  port: number;
}

/** Makes an empty database in a folder that does not exist yet. */
export async function initialise({ binaries, folder, account }: ServerOptions): Promise<void> {
  await Deno.mkdir(folder, { mode: 0o700 });
  await giveTo(account, folder);
  const passwordFile = await Deno.makeTempFile();
  await Deno.writeTextFile(passwordFile, DATABASE_PASSWORD);
  await giveTo(account, passwordFile);
  const options = "--username=supabase_admin --auth=scram-sha-256 --encoding=UTF8 --locale=C " +
    "--locale-provider=icu --icu-locale=en-US --no-sync --set=timezone=UTC --set=log_timezone=UTC";
  const { success, stderr } = await new Deno.Command(join(binaries, "bin", "initdb"), {
    ...account,
    args: [...options.split(" "), `--pgdata=${folder}`, `--pwfile=${passwordFile}`],
    cwd: "/",
    stdout: "null",
  }).output();
  await Deno.remove(passwordFile);
  const complaint = new TextDecoder().decode(stderr).trim();
  if (!success) throw new Failure(`The database could not be made: ${complaint}`);
}

/** Starts the server of a folder on 127.0.0.1. */
export async function startServer(
  { binaries, folder, account, port }: ServerOptions,
): Promise<Cluster> {
  const flags = Object.entries(serverFlags).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const server = new Deno.Command(join(binaries, "bin", "postgres"), {
    ...account,
    args: ["-D", folder, "-p", String(port), ...flags],
    cwd: "/",
    // In a session of its own, so that Ctrl-C reaches the stack only, which stops things in order.
    detached: true,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let complaint = "";
  const listening = server.stderr.pipeThrough(new TextDecoderStream()).pipeTo(
    new WritableStream({ write: (text) => void (complaint = (complaint + text).slice(-4000)) }),
  ).catch(() => {});
  let running = true;
  const ended = server.status.then(() => void (running = false));
  const adminUrl = `postgres://supabase_admin:${DATABASE_PASSWORD}@127.0.0.1:${port}/postgres`;
  while (running && !await answers(adminUrl)) await new Promise((done) => setTimeout(done, 15));
  if (!running) {
    await listening;
    throw new Failure(`PostgreSQL did not start (${basename(folder)}): ${complaint.trim()}`);
  }
  return {
    adminUrl,
    url: adminUrl.replace("supabase_admin", "postgres"),
    ended,
    stop: async () => {
      if (running) server.kill("SIGINT");
      const impatient = setTimeout(() => running && server.kill("SIGQUIT"), 3000);
      await ended;
      clearTimeout(impatient);
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => {} });
  try {
    await sql`select 1`;
    return true;
  } catch (error) {
    const code = error instanceof Error ? Reflect.get(error, "code") : null;
    if (code === "28P01") {
      throw new Failure("Something else answers on the database's port: set SIGNALBOX_PORT.");
    }
    return false;
  } finally {
    await sql.end({ timeout: 0 });
  }
}
