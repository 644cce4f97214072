import type { components } from "./api.d.ts";

/** A problem as the API answers it (RFC 9457), with members of its own such as `existing_id`. */
export type Problem =
  & components["schemas"]["Problem"]
  & Record<string, unknown>;

/** An answer that is an error. `code` is the stable word to decide by; `detail` is a sentence for people. */
export class SignalboxError extends Error {
  override readonly name = "SignalboxError";
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** The invalid fields: path and message. */
  readonly errors: { path: string; message: string }[];
  /** Names the request in the service's log. */
  readonly requestId: string | null;
  /** Seconds after which the request may be repeated; null: the answer does not say. */
  readonly retryAfter: number | null;
  readonly problem: Problem | null;

  constructor(status: number, problem: Problem | null, headers: Headers) {
    const detail = problem?.detail ??
      `The request failed with status ${status}.`;
    super(detail);
    this.status = status;
    this.code = problem?.code ?? "unknown";
    this.detail = detail;
    this.errors = problem?.errors ?? [];
    this.requestId = problem?.request_id ?? headers.get("x-request-id");
    this.retryAfter = secondsOf(headers.get("retry-after"));
    this.problem = problem;
  }
}

/** Whether something that was thrown is a problem, and one of this code if a code is given. */
export function isProblem(
  error: unknown,
  code?: string,
): error is SignalboxError {
  return error instanceof SignalboxError &&
    (code === undefined || error.code === code);
}

/** Retry-After in seconds, given as seconds or as a date. */
export function secondsOf(header: string | null): number | null {
  if (header === null || header === "") return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, (at - Date.now()) / 1000);
}

/** The problem in an answer, or null if its body is none. */
export async function problemOf(response: Response): Promise<Problem | null> {
  try {
    const body: unknown = await response.clone().json();
    return typeof body === "object" && body !== null && "code" in body ? body as Problem : null;
  } catch {
    return null;
  }
}
