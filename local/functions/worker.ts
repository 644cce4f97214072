import { warn } from "../log.ts";
import { recordLine } from "./log_lines.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** A function in a worker of its own. */
export interface FunctionWorker {
  /** Where it listens. Rejects with the reason when it does not start. */
  port: Promise<number>;
  /** Ends it when its last request is answered, at the latest after a few seconds. */
  retire(): void;
  /** Ends it at once. */
  terminate(): void;
  /** Counts a request as under way until the returned function is called. */
  enter(): () => void;
}

const BOOT_TIMEOUT_MS = 20_000;
const RETIRE_TIMEOUT_MS = 5_000;

/** Starts the function `name` from its module's URL. `died` is called if it ends unasked. */
export function startWorker(name: string, entry: string, died: () => void): FunctionWorker {
  const worker = new Worker(new URL("./boot.ts", import.meta.url), { type: "module", name });
  const { promise: port, resolve, reject } = Promise.withResolvers<number>();
  port.catch(() => {});
  const fail = (reason: string) => {
    reject(new Error(reason));
    died();
    worker.terminate();
  };
  const booting = setTimeout(() => fail("The function did not start in time."), BOOT_TIMEOUT_MS);
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if (data.type === "log") return recordLine(name, data.text);
    if (data.type === "rejection") return warn(`function ${name}: ${data.error}`);
    clearTimeout(booting);
    if (data.type === "listening") return resolve(data.port);
    warn(`function ${name} did not start: ${data.error}`);
    fail(data.error);
  };
  worker.onerror = (event) => {
    // Without this the error of one function would end the whole stack.
    event.preventDefault();
    clearTimeout(booting);
    warn(`function ${name} ended: ${event.message}`);
    fail(event.message);
  };
  worker.postMessage({ entry } satisfies ToWorker);

  const terminate = () => {
    clearTimeout(booting);
    reject(new Error("The function was stopped."));
    worker.terminate();
  };
  return { port, terminate, ...counter(terminate) };
}

function counter(terminate: () => void): Pick<FunctionWorker, "enter" | "retire"> {
  let underWay = 0;
  let retired = false;
  return {
    enter() {
      underWay++;
      return () => {
        underWay--;
        if (retired && underWay === 0) terminate();
      };
    },
    retire() {
      retired = true;
      if (underWay === 0) return terminate();
      Deno.unrefTimer(setTimeout(terminate, RETIRE_TIMEOUT_MS));
    },
  };
}
