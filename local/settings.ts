import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "./failure.ts";

/** The ports of one stack: the API's and the four that follow it. */
export interface Ports {
  api: number;
  database: number;
  carrier: number;
  mail: number;
  smtp: number;
}

/** What distinguishes one stack from another. */
export interface Settings {
  /** The folder that holds `supabase/`. */
  projectDir: string;
  /** The folder for everything the stack keeps. */
  dataDir: string;
  /** The folder for databases that new stacks start with copies of. */
  cacheDir: string;
  ports: Ports;
  /** After this many milliseconds a request to a function is given up and its worker replaced. */
  functionTimeoutMs: number;
  carrierLatencyMs: number;
}

const checkout = dirname(dirname(fileURLToPath(import.meta.url)));

/** The ports that belong to an API port. */
export function portsFrom(api: number): Ports {
  return { api, database: api + 1, carrier: api + 2, mail: api + 3, smtp: api + 4 };
}

function numberFrom(name: string, fallback: number): number {
  const text = Deno.env.get(name);
  if (!text) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Failure(`${name} must be a whole number.`);
  return value;
}

/** The folder named by `SIGNALBOX_DATA`, or `.local/data` of the checkout. */
export function dataDirFromEnv(): string {
  return resolve(Deno.env.get("SIGNALBOX_DATA") || join(checkout, ".local", "data"));
}

/** Reads the `SIGNALBOX_*` variables and `CARRIER_LATENCY_MS`. */
export function settingsFromEnv(): Settings {
  const port = numberFrom("SIGNALBOX_PORT", 54321);
  if (port < 1 || port > 65531) throw new Failure("SIGNALBOX_PORT must be between 1 and 65531.");
  return {
    projectDir: resolve(Deno.env.get("SIGNALBOX_PROJECT") || checkout),
    dataDir: dataDirFromEnv(),
    cacheDir: resolve(Deno.env.get("SIGNALBOX_CACHE") || join(checkout, ".local", "prepared")),
    ports: portsFrom(port),
    functionTimeoutMs: numberFrom("SIGNALBOX_FUNCTION_TIMEOUT_MS", 150_000),
    carrierLatencyMs: numberFrom("CARRIER_LATENCY_MS", 20),
  };
}
