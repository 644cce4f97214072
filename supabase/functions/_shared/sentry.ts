import { keepAlive } from "./background.ts";
import { env } from "./env.ts";
import { log, type LogFields } from "./log.ts";

/**
 * Reports a fault to Sentry, when SENTRY_DSN is set. The library is loaded then only, since it would double every cold
 * start. Nothing personal is sent: the error, the request id and the path.
 */
export function reportFault(fault: unknown, tags: LogFields): void {
  const dsn = env.sentryDsn();
  if (dsn === undefined) return;
  const sent = import("@sentry/deno").then((sentry) => {
    if (!sentry.isInitialized()) {
      sentry.init({ dsn, defaultIntegrations: false, sendDefaultPii: false });
    }
    sentry.captureException(fault, { tags });
    return sentry.flush(2_000);
  }).catch((error) => log("warn", "sentry_failed", { cause: String(error) }));
  keepAlive(sent);
}
