/*
 * What `deno task test` runs: a stack of its own on free ports and an empty folder, all tests against it, and at the end
 * one line with the counts. Arguments go to `deno test`; names of files replace "all tests". Files run side by side, as many
 * as there are cores (DENO_JOBS=1: one after the other), so a test may count on its own organization only.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { freePorts } from "./support/free_ports.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const START_LIMIT_MS = 300_000;
const STOP_LIMIT_MS = 15_000;

// deno-lint-ignore no-console -- what the command answers.
const say = (line: string) => console.log(line);

interface Stack {
  folder: string;
  stop(): Promise<void>;
}

async function startStack(stopped: AbortSignal): Promise<Stack> {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-test-" });
  const log = join(folder, "stack.log");
  const output = await Deno.open(log, { write: true, create: true });
  // Away from where outgoing connections get their ports, which come and go.
  const port = freePorts(
    Number(Deno.env.get("SIGNALBOX_TEST_PORT") ?? 20_000 + 5 * (Deno.pid % 2_000)),
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "local/main.ts"],
    cwd: root,
    env: {
      SIGNALBOX_PORT: String(port),
      SIGNALBOX_DATA: folder,
      EMAIL_RETRY_SECONDS: Deno.env.get("EMAIL_RETRY_SECONDS") ?? "1",
      MESSAGE_SETTLE_SECONDS: Deno.env.get("MESSAGE_SETTLE_SECONDS") ?? "5",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const copied = Promise.all([child.stdout, child.stderr].map((stream) => copy(stream, output)));
  const stack = { folder, stop: () => stop(child, folder, copied.then(() => output.close())) };
  if (await isReady(child, folder, stopped)) return stack;
  const said = await Deno.readTextFile(log);
  await stack.stop();
  throw new Error(`The stack did not start:\n${said}`);
}

async function copy(from: ReadableStream<Uint8Array>, to: Deno.FsFile): Promise<void> {
  for await (const chunk of from) await to.write(chunk);
}

async function isReady(
  child: Deno.ChildProcess,
  folder: string,
  stopped: AbortSignal,
): Promise<boolean> {
  let ended = false;
  child.status.then(() => ended = true);
  const end = Date.now() + START_LIMIT_MS;
  while (!ended && !stopped.aborted && Date.now() < end) {
    if (await Deno.stat(join(folder, "status.json")).then(() => true, () => false)) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

async function stop(
  child: Deno.ChildProcess,
  folder: string,
  closed: Promise<void>,
): Promise<void> {
  const limit = setTimeout(() => end(child, "SIGKILL"), STOP_LIMIT_MS);
  end(child, "SIGTERM");
  await child.status;
  clearTimeout(limit);
  await closed;
  await Deno.remove(folder, { recursive: true });
}

function end(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended already.
  }
}

interface Outcome {
  passed: number;
  failed: number;
  code: number;
}

async function runTests(folder: string, stopped: AbortSignal): Promise<Outcome> {
  const options = Deno.args.filter((argument) => argument.startsWith("-"));
  const files = Deno.args.filter((argument) => !argument.startsWith("-"));
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "test",
      "-A",
      "--quiet",
      "--parallel",
      ...options,
      ...(files.length > 0 ? files : ["tests/"]),
    ],
    cwd: root,
    env: { SIGNALBOX_DATA: folder },
    stdout: "piped",
  }).spawn();
  stopped.addEventListener("abort", () => end(child, "SIGTERM"));
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    await Deno.stdout.write(chunk);
    text = (text + decoder.decode(chunk, { stream: true })).slice(-4_000);
  }
  const { code } = await child.status;
  const [, passed, failed] =
    /(\d+) passed.*?\| (\d+) failed/.exec(stripVTControlCharacters(text)) ?? [];
  return { passed: Number(passed ?? 0), failed: Number(failed ?? (code === 0 ? 0 : 1)), code };
}

/** The stack's own complaints, which say more than a test that got a 500. */
async function showFaults(folder: string): Promise<void> {
  const lines = (await Deno.readTextFile(join(folder, "stack.log"))).split("\n");
  const faults = lines.filter((line) => /"level":"error"|^function |: error/i.test(line)).slice(
    -30,
  );
  if (faults.length > 0) say(`\nThe stack's last faults:\n${faults.join("\n")}`);
}

async function main(): Promise<number> {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => interruption.abort());
  }
  const stack = await startStack(interruption.signal);
  try {
    const { passed, failed, code } = await runTests(stack.folder, interruption.signal);
    if (code !== 0) await showFaults(stack.folder);
    say(`${passed} passed, ${failed} failed`);
    return interruption.signal.aborted ? 130 : code;
  } finally {
    await stack.stop();
  }
}

Deno.exit(await main());
