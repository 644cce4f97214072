/** What the gateway tells a worker: the function's module. */
export interface ToWorker {
  entry: string;
}

/** What a worker tells the gateway. */
export type FromWorker =
  | { type: "listening"; port: number }
  | { type: "failed"; error: string }
  | { type: "rejection"; error: string }
  | { type: "log"; text: string };
