import { keepAlive } from "./background.ts";
import { env } from "./env.ts";
import { log, type LogFields } from "./log.ts";

const TIMEOUT_MS = 2_000;

/** Where a DSN sends events, and the key it names. */
interface Endpoint {
  url: string;
  key: string;
}

/**
 * Reports a fault to Sentry, when SENTRY_DSN is set: one envelope by `fetch`. The library of Sentry would be 28 MB in every
 * function's bundle. Nothing personal is sent: the error, its stack and the tags. Never throws.
 * Source: https://develop.sentry.dev/sdk/data-model/envelopes/.
 */
export function reportFault(fault: unknown, tags: LogFields): void {
  const dsn = env.sentryDsn();
  if (dsn === undefined) return;
  keepAlive(
    send(dsn, eventOf(fault, tags)).catch((error) =>
      log("warn", "sentry_failed", { cause: String(error) })
    ),
  );
}

async function send(dsn: string, event: ReturnType<typeof eventOf>): Promise<void> {
  const { url, key } = endpointOf(dsn);
  const lines = [
    { event_id: event.event_id, sent_at: new Date().toISOString() },
    { type: "event", content_type: "application/json" },
    event,
  ];
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/x-sentry-envelope",
      "x-sentry-auth": `Sentry sentry_version=7, sentry_client=signalbox/1.0, sentry_key=${key}`,
    },
    body: lines.map((line) => JSON.stringify(line)).join("\n"),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`Sentry answered ${response.status}`);
}

/** `https://key@host/path/project` as Sentry gives it. @throws TypeError if it is none. */
function endpointOf(dsn: string): Endpoint {
  const { protocol, host, pathname, username } = new URL(dsn);
  const [, path = "", project = ""] = /^(.*)\/([^/]+)$/.exec(pathname) ?? [];
  if (!username || !project) throw new TypeError("SENTRY_DSN is no DSN");
  return { url: `${protocol}//${host}${path}/api/${project}/envelope/`, key: username };
}

function eventOf(fault: unknown, tags: LogFields) {
  const error = fault instanceof Error ? fault : new Error(String(fault));
  const texts = Object.entries(tags).filter(([, value]) => value !== null && value !== undefined);
  return {
    event_id: crypto.randomUUID().replaceAll("-", ""),
    timestamp: Date.now() / 1_000,
    platform: "javascript",
    level: "error",
    exception: {
      values: [{ type: error.name, value: error.message, stacktrace: { frames: framesOf(error) } }],
    },
    tags: Object.fromEntries(texts.map(([name, value]) => [name, String(value)])),
  };
}

/** The stack as Sentry wants it: the oldest call first. */
function framesOf({ stack = "" }: Error) {
  return stack.split("\n").flatMap((line) => {
    const [, name, filename, lineno, colno] =
      /^\s*at (?:(.*?) \()?(.+?):(\d+):(\d+)\)?$/.exec(line) ??
        [];
    return filename === undefined
      ? []
      : [{ function: name ?? "?", filename, lineno: Number(lineno), colno: Number(colno) }];
  }).reverse();
}
