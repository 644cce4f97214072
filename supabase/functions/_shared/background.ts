/**
 * Lets work go on after the response has gone: the platform keeps the isolate until it ends (150 s on the free plan,
 * 400 s on paid ones). The work must handle its own failures.
 */
export function keepAlive(work: Promise<unknown>): void {
  const runtime =
    (globalThis as { EdgeRuntime?: { waitUntil(work: Promise<unknown>): void } }).EdgeRuntime;
  runtime?.waitUntil(work);
}
