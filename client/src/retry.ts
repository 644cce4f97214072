import { problemOf, secondsOf } from "./problem.ts";

/** How requests are repeated. */
export interface RetryOptions {
  /** Attempts in all; 1: no repetition. */
  attempts: number;
  /** The longest wait in seconds; an answer that asks for more is given to the caller at once. */
  maxWaitSeconds: number;
}

const SAFE = new Set(["GET", "HEAD", "PUT", "DELETE"]);

/** Exponential, with jitter, in seconds. */
const backoff = (attempt: number): number => 0.3 * 2 ** attempt * (0.5 + Math.random());

/**
 * After how many seconds a request may be sent again; null: not at all. 409 `idempotency_in_progress` means that the first
 * attempt is still running.
 */
async function waitBefore(
  response: Response,
  attempt: number,
): Promise<number | null> {
  const asked = secondsOf(response.headers.get("retry-after"));
  if (response.status === 429 || response.status === 503) {
    return asked ?? backoff(attempt);
  }
  if (response.status >= 500) return asked ?? backoff(attempt);
  if (response.status !== 409) return null;
  const problem = await problemOf(response);
  return problem?.code === "idempotency_in_progress" ? asked ?? backoff(attempt) : null;
}

function pause(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    if (signal.aborted) return fail(signal.reason);
    const end = () => {
      clearTimeout(timer);
      fail(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", end);
      done();
    }, seconds * 1000);
    signal.addEventListener("abort", end, { once: true });
  });
}

/** A request that changes nothing more when it is repeated. */
const isRepeatable = (request: Request): boolean =>
  SAFE.has(request.method) || request.headers.has("idempotency-key");

/** Whether the request was refused before anything was done: then any request may be repeated. */
const wasNotStarted = (response: Response): boolean => response.status === 429;

/** `fetch` that repeats what can be repeated safely: after network errors, 429, 5xx, and 409 of a running twin. */
export function retryingFetch(
  inner: (request: Request) => Promise<Response>,
  { attempts, maxWaitSeconds }: RetryOptions,
): (request: Request) => Promise<Response> {
  return async (request) => {
    for (let attempt = 0;; attempt++) {
      const isLast = attempt + 1 >= attempts;
      let response: Response;
      try {
        response = await inner(isLast ? request : request.clone());
      } catch (error) {
        if (isLast || !isRepeatable(request) || request.signal.aborted) {
          throw error;
        }
        await pause(backoff(attempt), request.signal);
        continue;
      }
      if (
        isLast || response.ok ||
        !(isRepeatable(request) || wasNotStarted(response))
      ) return response;
      const wait = await waitBefore(response, attempt);
      if (wait === null || wait > maxWaitSeconds) return response;
      await response.body?.cancel();
      await pause(wait, request.signal);
    }
  };
}
