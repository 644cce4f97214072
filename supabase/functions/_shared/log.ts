import { withoutApiKeys } from "./api_key_form.ts";

/** Fields of a log line. Never a message body, a full phone number or a secret. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

/** Writes one JSON line. */
export function log(level: "info" | "warn" | "error", event: string, fields: LogFields = {}): void {
  const line = withoutApiKeys(
    JSON.stringify({ level, event, at: new Date().toISOString(), ...fields }),
  );
  // deno-lint-ignore no-console -- the platform collects logs from the console; this is the only module that writes there
  console[level](line);
}
