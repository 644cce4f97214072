import type { Status } from "../../local/status_file.ts";

/** What the simulated carrier accepted. */
export interface Accepted {
  to: string;
  accepted_at: string;
}

/** The simulated carrier of a stack, as far as benchmarks steer it. */
export function carrierOf({ carrier_url }: Status) {
  const ask = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(carrier_url + path, {
      method,
      body: body === undefined ? null : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return await response.json();
  };
  return {
    url: carrier_url,
    pauseCallbacks: (): Promise<unknown> => ask("POST", "/callbacks/pause"),
    latency: (ms: number): Promise<unknown> => ask("POST", "/latency", { ms }),
    clear: (): Promise<unknown> => ask("DELETE", "/messages"),
    accepted: (): Promise<Accepted[]> => ask("GET", "/messages"),
  };
}

/** Messages a second, from the first accepted to the last. */
export function rateOf(accepted: Accepted[]): number {
  const times = accepted.map((message) => Date.parse(message.accepted_at));
  const first = times.reduce((a, b) => Math.min(a, b), Infinity);
  const last = times.reduce((a, b) => Math.max(a, b), -Infinity);
  return (times.length - 1) / (last - first) * 1_000;
}
