import { Failure } from "../failure.ts";
import type { FromPart, ToPart } from "./messages.ts";

/** A part of the stack with a thread of its own. */
export interface Part<Options, Ready> {
  /** Begins its work. Rejects with the reason if it cannot. */
  start(options: Options): Promise<Ready>;
  /** Rejects if it ends unasked after it has started. */
  failed: Promise<never>;
  /** Lets it finish what it keeps on disk, then ends it. */
  stop(): Promise<void>;
}

const STOP_LIMIT_MS = 1000;

/**
 * Creates the worker of a part. It loads its modules at once, so that the rest of the stack can start
 * meanwhile. `name` stands in failures: "The Data API ended: …".
 */
export function createPart<Options, Ready>(name: string, module: string): Part<Options, Ready> {
  const worker = new Worker(module, { type: "module", name });
  const ready = Promise.withResolvers<Ready>();
  const stopped = Promise.withResolvers<void>();
  const failure = Promise.withResolvers<never>();
  for (const { promise } of [ready, failure]) promise.catch(() => {});
  const fail = (what: string) => {
    const error = new Failure(`${name} ${what}`);
    ready.reject(error);
    failure.reject(error);
    stopped.resolve();
  };
  worker.onmessage = ({ data }: MessageEvent<FromPart<Ready>>) => {
    if (data.kind === "ready") ready.resolve(data.ready);
    else if (data.kind === "stopped") stopped.resolve();
    else fail(`did not start: ${data.message}`);
  };
  worker.onerror = (event) => {
    // Without this the error would end the stack before it could stop its database.
    event.preventDefault();
    fail(`ended: ${event.message}`);
  };
  const tell = (message: ToPart<Options>) => worker.postMessage(message);
  let started = false;
  return {
    start(options) {
      started = true;
      tell({ kind: "start", options });
      return ready.promise;
    },
    failed: failure.promise,
    async stop() {
      if (started) {
        tell({ kind: "stop" });
        const limit = setTimeout(stopped.resolve, STOP_LIMIT_MS);
        await stopped.promise;
        clearTimeout(limit);
      }
      worker.terminate();
    },
  };
}
