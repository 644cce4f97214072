import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { TestFile } from "./files.ts";
import { eachAlone, groupsOf, writeModules } from "./groups.ts";

/** How a run of tests ended. */
export interface Outcome {
  passed: number;
  failed: number;
  code: number;
}

/** What a run needs besides its files. */
export interface RunOptions {
  root: string;
  /** Environment variables of the tests. */
  env: Record<string, string>;
  /** Arguments for `deno test`. */
  options: string[];
  /** How many test files run side by side; DENO_JOBS overrides it. */
  workers: number;
  /** The files that each get a worker of their own, and which of them begin; without it one worker loads many. */
  longest?: string[];
  stopped: AbortSignal;
}

/**
 * Runs test files side by side, so a test may count on its own organization only. A single file is run as it is. Types are not checked: `deno task ok` does.
 */
export async function runTests(files: TestFile[], run: RunOptions): Promise<Outcome> {
  if (files.length === 1) return await denoTest(files.map(({ path }) => path), run);
  const folder = `tests/.run-${Deno.pid}`;
  try {
    const groups = run.longest ? eachAlone(files, run.longest) : groupsOf(files);
    return await denoTest(writeModules(run.root, folder, groups), run);
  } finally {
    await Deno.remove(join(run.root, folder), { recursive: true });
  }
}

async function denoTest(paths: string[], run: RunOptions): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--quiet", "--no-check", "--parallel", ...run.options, ...paths],
    cwd: run.root,
    env: { DENO_JOBS: Deno.env.get("DENO_JOBS") ?? String(run.workers), ...run.env },
    stdout: "piped",
  }).spawn();
  run.stopped.addEventListener("abort", () => end(child));
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

function end(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has ended already.
  }
}
