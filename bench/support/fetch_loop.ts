import type { FetchLoop } from "../fixtures/fetch_loop.ts";

/** Runs the bare loop in a worker of its own, as every function is, and waits for its end. */
export async function inWorker(loop: FetchLoop): Promise<void> {
  const fixture = new URL("../fixtures/fetch_loop.ts", import.meta.url);
  const worker = new Worker(fixture, { type: "module" });
  try {
    await new Promise<void>((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage(loop);
    });
  } finally {
    worker.terminate();
  }
}
