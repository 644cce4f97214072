/**
 * Lets work continue after the response: the platform keeps the isolate until it ends (at most 150 s on the free plan,
 * 400 s on paid ones). The work must handle its own errors.
 */
export function keepAlive(work: Promise<unknown>): void {
  const runtime =
    (globalThis as { EdgeRuntime?: { waitUntil(work: Promise<unknown>): void } }).EdgeRuntime;
  runtime?.waitUntil(work);
}
