/** Milliseconds of CPU work after which a run hands over to the next: the platform allows a request 2 s of CPU. */
const workMs = 900;
/** Maximum duration of a run in milliseconds, far below the platform's limit. */
const runMs = 60_000;

/** What a run has used of its time. The platform counts computing, not waiting, so only that is measured. */
export interface Budget {
  measure<T>(task: () => T): T;
  /** Counts the work before the first wait: building the request. */
  measureAsync<T>(task: () => PromiseLike<T>): Promise<T>;
  /** Counts work that was measured elsewhere. */
  add(milliseconds: number): void;
  isOver(): boolean;
  /** Milliseconds of work so far. */
  spent(): number;
}

/** The budget of a run that begins now. */
export function newBudget(): Budget {
  const ends = Date.now() + runMs;
  let spent = 0;
  return {
    measure(task) {
      const started = performance.now();
      try {
        return task();
      } finally {
        spent += performance.now() - started;
      }
    },
    async measureAsync(task) {
      const started = performance.now();
      const promise = task().then((value) => value);
      spent += performance.now() - started;
      return await promise;
    },
    add: (milliseconds) => spent += milliseconds,
    isOver: () => spent > workMs || Date.now() > ends,
    spent: () => spent,
  };
}
