import { isRecord, parseRetryAfter } from "../messaging/provider_http.ts";
import { GoogleError } from "./error.ts";

/** How calls are made. Tests replace `fetch`. */
export interface GoogleOptions {
  fetch?: typeof fetch;
  /** Milliseconds until a call counts as not answered. */
  timeoutMs?: number;
}

/** An answer whose body is JSON; an empty object where it is not. */
export interface GoogleAnswer {
  status: number;
  json: Record<string, unknown>;
  retryAfterSeconds: number | null;
}

/** Far less than a runner's lease, so that nobody else takes over while Google is slow. */
const defaultTimeoutMs = 20_000;

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/**
 * One call of Google: bounded in time, redirects not followed, so that a token is sent nowhere else.
 * @throws GoogleError `pause` without an answer, and for 429 and 5xx
 */
export async function askGoogle(
  url: string,
  init: RequestInit,
  { fetch = globalThis.fetch, timeoutMs = defaultTimeoutMs }: GoogleOptions,
): Promise<GoogleAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  const answer = await fetch(url, { ...init, redirect: "manual", signal })
    .then(async (response) => ({ response, text: await response.text() }))
    // Without the error's own message, which may contain the address of a person's spreadsheet.
    .catch(() => {
      throw new GoogleError("pause", "Google does not answer.");
    });
  const { status, headers } = answer.response;
  const retryAfterSeconds = parseRetryAfter(headers.get("retry-after"));
  if (status === 429) {
    throw new GoogleError("pause", "Google allows no more calls at the moment.", retryAfterSeconds);
  }
  if (status >= 500 || status < 200 || (status >= 300 && status < 400)) {
    throw new GoogleError("pause", `Google answers ${status}.`, retryAfterSeconds);
  }
  return { status, json: parsed(answer.text), retryAfterSeconds };
}
