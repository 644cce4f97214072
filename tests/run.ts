/*
 * What `deno task test` runs: a stack of its own on free ports and an empty folder, all tests against it, and at the end
 * one line with the counts. Arguments go to `deno test`; names of files replace "all tests". Files run side by side, as many
 * as there are cores (DENO_JOBS=1: one after the other), so a test may count on its own organization only.
 */
import { stripVTControlCharacters } from "node:util";
import { freePorts } from "./support/free_ports.ts";
import { root, type SpawnedStack, spawnStack } from "./support/spawn.ts";

// deno-lint-ignore no-console -- what the command answers.
const say = (line: string) => console.log(line);

async function startStack(stopped: AbortSignal): Promise<SpawnedStack> {
  // Away from where outgoing connections get their ports, which come and go.
  const first = Deno.env.get("SIGNALBOX_TEST_PORT") ?? 20_000 + 5 * (Deno.pid % 2_000);
  return await spawnStack({
    folder: await Deno.makeTempDir({ prefix: "signalbox-test-" }),
    port: freePorts(Number(first)),
    env: {
      EMAIL_RETRY_SECONDS: Deno.env.get("EMAIL_RETRY_SECONDS") ?? "1",
      MESSAGE_SETTLE_SECONDS: Deno.env.get("MESSAGE_SETTLE_SECONDS") ?? "5",
    },
    stopped,
  });
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
async function showFaults(stack: SpawnedStack): Promise<void> {
  const lines = (await stack.log()).split("\n");
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
    if (code !== 0) await showFaults(stack);
    say(`${passed} passed, ${failed} failed`);
    return interruption.signal.aborted ? 130 : code;
  } finally {
    await stack.remove();
  }
}

Deno.exit(await main());
