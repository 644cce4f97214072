/** Lets a number of tasks run at once; the others wait in their order. */
export interface Gate {
  /**
   * Runs a task when it is its turn.
   * @returns null if its turn did not come in time; the task has not begun then.
   */
  run<T>(task: () => Promise<T>): Promise<T | null>;
}

/**
 * @param size how many tasks run at once
 * @param maxWaitMs how long a task waits for its turn
 */
export function createGate(size: number, maxWaitMs: number): Gate {
  let running = 0;
  const waiting: (() => void)[] = [];

  function turn(): Promise<boolean> {
    return new Promise((resolve) => {
      const start = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(start), 1);
        resolve(false);
      }, maxWaitMs);
      waiting.push(start);
    });
  }

  return {
    async run(task) {
      // Who leaves hands the place over, so `running` stays as it is for who waited.
      if (running < size) running++;
      else if (!await turn()) return null;
      try {
        return await task();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else running--;
      }
    },
  };
}
