import { usageOf } from "../support/process_cpu.ts";
import type { Service } from "./services.ts";

/** A request of an endpoint; each of a POST has a body of its own. */
export interface Call {
  method: "GET" | "POST";
  path: string;
  body?: () => unknown;
}

/** What some requests cost, in milliseconds. */
export interface Cost {
  /** Of the service's processor a request. */
  cpu: number;
  p50: number;
  p99: number;
}

/** Latencies and processor time of many requests. */
export interface Sample {
  latencies: number[];
  cpu: number;
}

/** Asks an endpoint of a service that many times, `width` at once. @throws unless every answer is a success. */
export async function load(
  { pid, url }: Service,
  { method, path, body }: Call,
  { count, width, token }: { count: number; width: number; token: string },
): Promise<Sample> {
  const latencies: number[] = [];
  const before = usageOf(pid).own;
  let left = count;
  const client = async () => {
    while (left-- > 0) {
      const started = performance.now();
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body && { body: JSON.stringify(body()) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${url}${path}: ${answer.status} ${text}`);
      latencies.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: width }, client));
  return { latencies, cpu: usageOf(pid).own - before };
}

/** What the requests of all rounds cost. */
export function costOf(samples: Sample[]): Cost {
  const latencies = samples.flatMap((sample) => sample.latencies).sort((a, b) => a - b);
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? NaN;
  const cpu = samples.reduce((sum, sample) => sum + sample.cpu, 0);
  return { cpu: cpu / latencies.length, p50: at(0.5), p99: at(0.99) };
}
