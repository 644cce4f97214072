import { explain, Failure } from "./failure.ts";
import { messageOf, say, warn } from "./log.ts";
import { settingsFromEnv } from "./settings.ts";
import { startStack } from "./stack.ts";

const STOP_LIMIT_MS = 4500;

function askedToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      Deno.addSignalListener(signal, () => resolve());
    }
    if (Deno.env.get("SIGNALBOX_ENDS_WITH_STDIN")) stdinEnds().then(resolve);
  });
}

/** Who started this process has closed the other end, or is gone. */
async function stdinEnds(): Promise<void> {
  const ignored = new Uint8Array(1024);
  while (await Deno.stdin.read(ignored) !== null);
}

function fail(error: unknown): void {
  const explained = explain(error);
  warn(
    explained instanceof Failure || !(explained instanceof Error)
      ? messageOf(explained)
      : explained.stack ?? explained.message,
  );
}

async function main(): Promise<number> {
  const asked = askedToStop();
  try {
    const stack = await startStack(settingsFromEnv(), say);
    say(`ready ${JSON.stringify(stack.status, null, 2)}`);
    const outcome = await Promise.race([asked, stack.failed]).then(() => 0, (error) => {
      fail(error);
      return 1;
    });
    setTimeout(() => Deno.exit(1), STOP_LIMIT_MS);
    await stack.stop();
    return outcome;
  } catch (error) {
    fail(error);
    return 1;
  }
}

Deno.exit(await main());
