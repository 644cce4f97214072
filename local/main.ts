import { explain, Failure } from "./failure.ts";
import { messageOf, say, warn } from "./log.ts";
import { settingsFromEnv } from "./settings.ts";
import { startStack } from "./stack.ts";

const STOP_LIMIT_MS = 4500;

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      Deno.addSignalListener(signal, () => resolve());
    }
  });
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
  const asked = signalled();
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
