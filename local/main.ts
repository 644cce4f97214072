import { removeData } from "./database/start.ts";
import { explain, Failure } from "./failure.ts";
import { messageOf, say, warn } from "./log.ts";
import { settingsFromEnv } from "./settings.ts";
import { startStack } from "./stack.ts";

const STOP_LIMIT_MS = 4500;

/** With this variable set a stack lives as long as its standard input is open, and its data no longer. */
const isTemporary = Boolean(Deno.env.get("SIGNALBOX_TEMPORARY"));

function signalled(): Promise<"signalled"> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      Deno.addSignalListener(signal, () => resolve("signalled"));
    }
  });
}

/** Resolves when the process that started this one is gone, without having stopped it. */
async function abandoned(): Promise<"abandoned"> {
  const ignored = new Uint8Array(1024);
  while (await Deno.stdin.read(ignored) !== null);
  return "abandoned";
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
  const asked = Promise.race([signalled(), ...(isTemporary ? [abandoned()] : [])]);
  try {
    const settings = settingsFromEnv();
    const stack = await startStack(settings, say);
    say(`ready ${JSON.stringify(stack.status, null, 2)}`);
    const reason = await Promise.race([asked, stack.failed]).catch((error) => {
      fail(error);
      return "failed";
    });
    setTimeout(() => Deno.exit(1), STOP_LIMIT_MS);
    await stack.stop();
    if (reason === "abandoned") await removeData(settings.dataDir);
    return reason === "failed" ? 1 : 0;
  } catch (error) {
    fail(error);
    return 1;
  }
}

Deno.exit(await main());
