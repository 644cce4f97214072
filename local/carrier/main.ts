/** How to run the simulated carrier. */
export interface CarrierOptions {
  /** 0 takes a free one. */
  port: number;
  /** Where it keeps what it accepted and the callbacks it still owes. */
  dataDir: string;
  /** Milliseconds from a request to its answer; 20 unless told otherwise. */
  latencyMs?: number;
  /** Where texts from handsets are posted; `POST /inbound-url` changes it. */
  inboundUrl?: string;
}

type Report = { kind: "ready"; url: string } | { kind: "stopped" } | {
  kind: "failed";
  message: string;
};

/**
 * Starts the simulated carrier in a worker, so that it has an event loop of its own.
 * @throws Error when the port is taken or the data folder cannot be written.
 */
export async function startCarrier(
  options: CarrierOptions,
): Promise<{ url: string; stop(): Promise<void> }> {
  const worker = new Worker(import.meta.resolve("./worker.ts"), { type: "module" });
  try {
    const report = await ask(worker, options);
    if (report.kind !== "ready") throw new Error(`The simulated carrier: ${describe(report)}`);
    const stop = async () => {
      await ask(worker, "stop");
      worker.terminate();
    };
    return { url: report.url, stop };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

function ask(worker: Worker, message: CarrierOptions | "stop"): Promise<Report> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Report>) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`The simulated carrier: ${event.message}`));
    };
    worker.postMessage(message);
  });
}

function describe(report: Report): string {
  return report.kind === "failed" ? report.message : `unexpected ${report.kind}`;
}
