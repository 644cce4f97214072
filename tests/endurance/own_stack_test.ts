/*
 * What stacks of tests leave behind, and what they start from.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { exists, readFolder, readIfThere } from "../../local/files.ts";
import type { Status } from "../../local/status_file.ts";
import { freePorts } from "../support/free_ports.ts";
import { root, spawnStack } from "../support/spawn.ts";
import { until } from "../support/wait.ts";

const standInsFolder = "/var/lib/signalbox-local";
const firstPort = 30_900 + 5 * (Deno.pid % 90);

interface Ground {
  /** A folder that goes at the end. */
  folder: string;
  /** What makes stacks start from this folder's own prepared databases, with a project of one table. */
  env: { SIGNALBOX_CACHE: string; SIGNALBOX_PROJECT: string };
}

async function onGround(work: (ground: Ground) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-ground-" });
  try {
    await Deno.chmod(folder, 0o711);
    const migrations = join(folder, "project", "supabase", "migrations");
    await Deno.mkdir(migrations, { recursive: true });
    await Deno.writeTextFile(join(migrations, "1_one.sql"), "create table public.one (id int);");
    await work({
      folder,
      env: { SIGNALBOX_CACHE: join(folder, "cache"), SIGNALBOX_PROJECT: join(folder, "project") },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function rowsOfOne({ db_url }: Status): Promise<number> {
  const sql = postgres(db_url, { max: 1 });
  try {
    return (await sql`select * from public.one`).length;
  } finally {
    await sql.end();
  }
}

Deno.test("two stacks that start at the same moment share one prepared database", () =>
  onGround(async ({ folder, env }) => {
    const first = freePorts(firstPort);
    const stacks = await Promise.all(
      [first, freePorts(first + 5)].map((port) =>
        spawnStack({ folder: join(folder, String(port)), port, env })
      ),
    );
    for (const { status } of stacks) assert.equal(await rowsOfOne(status), 0);
    const prepared = readFolder(env.SIGNALBOX_CACHE).filter((name) => name !== "lock");
    assert.equal(prepared.length, 1, prepared.join());
    await Promise.all(stacks.map((stack) => stack.remove()));
    assert.deepEqual(readFolder(folder).sort(), ["cache", "project"]);
  }));

Deno.test("a prepared database whose making was killed is never used, and its server ends", () =>
  onGround(async ({ folder, env }) => {
    const options = { folder: join(folder, "data"), port: freePorts(firstPort), env };
    const slow = join(env.SIGNALBOX_PROJECT, "supabase", "migrations", "0_slow.sql");
    await Deno.writeTextFile(slow, "select pg_sleep(600);");
    const unfinished = () =>
      readFolder(env.SIGNALBOX_CACHE).filter((name) =>
        name.endsWith(".new") && exists(join(env.SIGNALBOX_CACHE, name, "postmaster.pid"))
      );
    const killed = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "local/main.ts"],
      cwd: root,
      env: { ...env, SIGNALBOX_PORT: String(options.port), SIGNALBOX_DATA: options.folder },
      stdout: "null",
      stderr: "null",
    }).spawn();
    await until(() => unfinished().length > 0, { what: "a server that prepares" });
    killed.kill("SIGKILL");
    await killed.status;
    await Deno.remove(slow);

    // On the same port, which the server that was left has until it is ended.
    const stack = await spawnStack(options);
    assert.equal(await rowsOfOne(stack.status), 0);
    const prepared = readFolder(env.SIGNALBOX_CACHE).filter((name) => name !== "lock");
    assert.ok(prepared.length === 1 && !prepared[0]?.endsWith(".new"), prepared.join());
    await stack.remove();
  }));

Deno.test("a stack whose starter is gone ends, and its data with it", () =>
  onGround(async ({ folder, env }) => {
    const [data, port] = [join(folder, "data"), freePorts(firstPort)];
    const starter = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "tests/local/fixtures/starter.ts", data, String(port)],
      cwd: root,
      env,
      stdout: "piped",
    }).spawn();
    const reader = starter.stdout.getReader();
    assert.equal(new TextDecoder().decode((await reader.read()).value), "ready");
    await reader.cancel();
    starter.kill("SIGKILL");
    await starter.status;
    await until(() => !exists(data), { what: "the end of the stack and its data" });
    assert.equal(freePorts(port), port);
  }));

Deno.test({
  name:
    "what a killed stack kept outside of its folder goes with the next start once the folder is gone",
  // Only root's database runs as a user who may be unable to enter the folder.
  ignore: Deno.uid() !== 0,
  fn: () =>
    onGround(async ({ folder, env }) => {
      const closed = join(folder, "closed");
      await Deno.mkdir(closed, { mode: 0o700 });
      const port = freePorts(firstPort);
      const killed = await spawnStack({ folder: join(closed, "data"), port, env });
      const standIns = () =>
        readFolder(standInsFolder).filter((name) =>
          readIfThere(join(standInsFolder, name.replace(/\..*/, "") + ".for"))?.startsWith(closed)
        );
      assert.equal(standIns().length, 2, "the database, and whom it is for");
      await killed.end("SIGKILL");
      await Deno.remove(closed, { recursive: true });
      // On the same port, which the killed stack's database has until it is ended.
      const next = await spawnStack({ folder: join(folder, "data"), port, env });
      assert.deepEqual(standIns(), []);
      await next.remove();
    }),
});
