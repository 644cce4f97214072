import { createPart } from "../workers/start.ts";

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

/** The simulated carrier, its modules being loaded. */
export const createCarrierPart = () =>
  createPart<CarrierOptions, { url: string }>(
    "The simulated carrier",
    import.meta.resolve("./worker.ts"),
  );

/**
 * Starts the simulated carrier in a worker, so that it has an event loop of its own.
 * @throws Error when the port is taken or the data folder cannot be written.
 */
export async function startCarrier(
  options: CarrierOptions,
): Promise<{ url: string; stop(): Promise<void> }> {
  const part = createCarrierPart();
  try {
    const { url } = await part.start(options);
    return { url, stop: part.stop };
  } catch (error) {
    await part.stop();
    throw error;
  }
}
