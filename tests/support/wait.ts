interface Waiting {
  /** What ends a wait that will not end. Machines are shared: waiting long costs nothing where it succeeds. */
  timeoutMs?: number;
  /** What is waited for, to say so when it does not come. */
  what: string;
}

/** The first pause between two questions; each is a third longer than the one before, up to the last. */
const [SHORTEST_MS, LONGEST_MS] = [20, 300];

/** Asks again until the answer is neither null nor false, and gives it. */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 90_000, what }: Waiting,
): Promise<NonNullable<Exclude<T, false>>> {
  const end = Date.now() + timeoutMs;
  for (let pause = SHORTEST_MS;; pause = Math.min(pause * 4 / 3, LONGEST_MS)) {
    const answer = await condition();
    if (answer !== null && answer !== undefined && answer !== false) {
      return answer as NonNullable<Exclude<T, false>>;
    }
    if (Date.now() > end) {
      throw new Error(`Waited ${timeoutMs} ms for ${what}, which did not come.`);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
