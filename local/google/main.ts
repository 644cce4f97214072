import { createPart } from "../workers/start.ts";

/** How to run the simulated Google. */
export interface GoogleOptions {
  /** Where callers reach it; `<url>/token` is the audience that service accounts must sign. */
  url: string;
  /** Where it keeps its accounts and spreadsheets. */
  dataDir: string;
}

/** The simulated Google, its modules being loaded. */
export const createGooglePart = () =>
  createPart<GoogleOptions, { port: number }>(
    "The simulated Google",
    import.meta.resolve("./worker.ts"),
  );
