interface Waiting {
  /** What ends a wait that will not end. Machines are shared: waiting long costs nothing where it succeeds. */
  timeoutMs?: number;
  /** What is waited for, to say so when it does not come. */
  what: string;
}

const POLL_MS = 50;

/** Asks again until the answer is neither null nor false, and gives it. */
export async function until<T>(
  condition: () => T | Promise<T>,
  { timeoutMs = 90_000, what }: Waiting,
): Promise<NonNullable<Exclude<T, false>>> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await condition();
    if (answer !== null && answer !== undefined && answer !== false) {
      return answer as NonNullable<Exclude<T, false>>;
    }
    if (Date.now() > end) throw new Error(`Waited ${timeoutMs} ms in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
