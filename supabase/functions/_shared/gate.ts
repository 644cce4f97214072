/** Lets a number of tasks run at once; the others wait in their order. */
export interface Gate {
  /**
   * Runs a task when it is its turn.
   * @param owner of the task; owners share the places, tasks without an owner are not limited
   * @returns null if its turn did not come in time; the task has not begun then.
   */
  run<T>(task: () => Promise<T>, owner?: string): Promise<T | null>;
}

interface Waiting {
  owner: string | undefined;
  start: () => void;
}

/**
 * An owner never has all places, so that another one who comes finds one; while others wait, an owner who has their share
 * gets no further one.
 * @param size how many tasks run at once
 * @param maxWaitMs how long a task waits for its turn
 * @param share how many places an owner may have while others wait
 */
export function createGate(size: number, maxWaitMs: number, share = size): Gate {
  const most = Math.max(share, size - 1);
  const held = new Map<string, number>();
  const waiting: Waiting[] = [];
  let running = 0;

  const hasLess = (owner: string | undefined, limit: number) =>
    owner === undefined || (held.get(owner) ?? 0) < limit;

  function take(owner: string | undefined): void {
    running++;
    if (owner !== undefined) held.set(owner, (held.get(owner) ?? 0) + 1);
  }

  function leave(owner: string | undefined): void {
    running--;
    if (owner === undefined) return;
    const left = (held.get(owner) ?? 0) - 1;
    if (left > 0) held.set(owner, left);
    else held.delete(owner);
  }

  function startNext(): void {
    const next = waiting.find(({ owner }) => hasLess(owner, share)) ??
      waiting.find(({ owner }) => hasLess(owner, most));
    if (next === undefined) return;
    waiting.splice(waiting.indexOf(next), 1);
    // Taken here, so that nobody else takes the place before the task goes on.
    take(next.owner);
    next.start();
  }

  function turn(owner: string | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const entry = {
        owner,
        start: () => {
          clearTimeout(timer);
          resolve(true);
        },
      };
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(entry), 1);
        resolve(false);
      }, maxWaitMs);
      waiting.push(entry);
    });
  }

  return {
    async run(task, owner) {
      if (running < size && hasLess(owner, most)) take(owner);
      else if (!await turn(owner)) return null;
      try {
        return await task();
      } finally {
        leave(owner);
        startNext();
      }
    },
  };
}
