/*
 * What the tasks `test`, `test:stack` and `test:endurance` run. Tests run on a stack of their own, on free ports and in an
 * empty folder; at the end one line has the counts. Folders of `tests/` and files name what is run; without, it is
 * everything but what takes long or needs programs that not every machine has. Other options go to `deno test`.
 */
import { join } from "node:path";
import { isClaimed, readStatus } from "../local/status_file.ts";
import { filesNamed, type TestFile, testFiles } from "./run/files.ts";
import { runTests } from "./run/runner.ts";
import { freePorts } from "./support/free_ports.ts";
import { root, type SpawnedStack, spawnStack } from "./support/spawn.ts";

/** Long by nature: kills, outages, whole campaigns, everything at every endpoint; old services that are brought over. */
const LONG = ["tests/endurance/", "tests/migration/"];

/** The longest of them, which begin: they wait for a schedule, or start stacks of their own. */
const LONGEST = [
  "audit_seals",
  "idle",
  "send_kill",
  "import_kill",
  "campaign_kill",
  "report_kill",
  "unknown_outcomes",
];

/** What needs a browser or other programs that not every machine has. */
const NEEDS_PROGRAMS = ["tests/browser/", "tests/programs/"];

/** Tests that lock what all others use. */
const ALONE = "tests/endurance/alone/";

/** Where `task test:stack` keeps its stack. */
const keptFolder = join(root, ".local", "test");

// deno-lint-ignore no-console -- what the command answers.
const say = (line: string) => console.log(line);

const names = Deno.args.filter((argument) => !argument.startsWith("-"));
const flags = Deno.args.filter((argument) => argument.startsWith("-"));
const isEndurance = flags.includes("--endurance");

async function startStack(
  folder: string,
  stopped: AbortSignal,
): Promise<SpawnedStack> {
  // Away from where outgoing connections get their ports, which come and go.
  const first = Deno.env.get("SIGNALBOX_TEST_PORT") ??
    20_000 + 5 * (Deno.pid % 2_000);
  return await spawnStack({
    folder,
    port: freePorts(Number(first)),
    env: {
      EMAIL_RETRY_SECONDS: Deno.env.get("EMAIL_RETRY_SECONDS") ?? "1",
      MESSAGE_SETTLE_SECONDS: Deno.env.get("MESSAGE_SETTLE_SECONDS") ?? "5",
    },
    stopped,
  });
}

/** The test files that the arguments mean, each once. */
function wantedFiles(): TestFile[] {
  const named = names.flatMap((name) => filesNamed(root, name));
  if (named.length > 0) {
    return [...new Map(named.map((file) => [file.path, file])).values()];
  }
  const isIn = (folders: string[]) => ({ path }: TestFile) =>
    folders.some((folder) => path.startsWith(folder));
  const isLong = isIn(LONG);
  const needsPrograms = isIn(NEEDS_PROGRAMS);
  return testFiles(root, "tests").filter((file) =>
    isEndurance
      ? isLong(file) || file.path.endsWith("_random_test.ts")
      : !isLong(file) && !needsPrograms(file)
  );
}

/** The random tests get a fresh seed in endurance runs; without one they use their usual seed. */
function seedOfRun(): Record<string, string> {
  if (!isEndurance) return {};
  const seed = Deno.env.get("SEED") ?? String(Date.now() % 1_000_000);
  say(`SEED=${seed}`);
  return { SEED: seed };
}

/** Runs tests side by side, and afterwards, one by one, those that keep others from working. */
async function test(
  files: TestFile[],
  folder: string,
  stopped: AbortSignal,
): Promise<number> {
  const isAlone = ({ path }: TestFile) => path.startsWith(ALONE);
  const parts = [files.filter((file) => !isAlone(file)), files.filter(isAlone)];
  const run = {
    root,
    env: { SIGNALBOX_DATA: folder, ...seedOfRun() },
    options: flags.filter((flag) => flag !== "--endurance"),
    ...(isEndurance && { longest: LONGEST }),
    stopped,
  };
  // More than cores: tests wait for background jobs a good part of their time. Endurance measures limits of time, and half
  // of it are stacks of their own.
  const beside = (isEndurance ? 2 : 3) * navigator.hardwareConcurrency;
  const sum = { passed: 0, failed: 0, code: 0 };
  for (const part of parts) {
    if (part.length === 0 || stopped.aborted) continue;
    const workers = part.some(isAlone) ? 1 : beside;
    const outcome = await runTests(part, { ...run, workers });
    sum.passed += outcome.passed;
    sum.failed += outcome.failed;
    sum.code ||= outcome.code;
  }
  say(`${sum.passed} passed, ${sum.failed} failed`);
  return stopped.aborted ? 130 : sum.code;
}

/** The stack's own complaints, which say more than a test that got a 500. */
async function showFaults(stack: SpawnedStack): Promise<void> {
  const lines = (await stack.log()).split("\n");
  const faults = lines.filter((line) => /"level":"error"|^function |: error/i.test(line));
  if (faults.length > 0) {
    say(`\nThe stack's last faults:\n${faults.slice(-30).join("\n")}`);
  }
}

/** Runs tests on a stack of their own. */
async function testAlone(
  files: TestFile[],
  stopped: AbortSignal,
): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-test-" });
  const stack = await startStack(folder, stopped);
  try {
    const code = await test(files, stack.folder, stopped);
    if (code !== 0) await showFaults(stack);
    return code;
  } finally {
    await stack.remove();
  }
}

/** Keeps a stack until it is interrupted. */
async function keepStack(stopped: AbortSignal): Promise<number> {
  const stack = await startStack(keptFolder, stopped);
  say("ready: `deno task test <folder or file>` runs on this stack");
  if (!stopped.aborted) {
    await new Promise((done) => stopped.addEventListener("abort", done));
  }
  await stack.remove();
  return 0;
}

async function main(): Promise<number> {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => interruption.abort());
  }
  if (flags.includes("--stack")) return await keepStack(interruption.signal);
  const files = wantedFiles();
  const isKept = names.length > 0 && isClaimed(keptFolder) &&
    readStatus(keptFolder) !== null;
  return isKept
    ? await test(files, keptFolder, interruption.signal)
    : await testAlone(files, interruption.signal);
}

Deno.exit(await main());
