import assert from "node:assert/strict";
import { record } from "./recorder.ts";
import { functionUrl, stackUnderTest } from "./stack.ts";

/** A problem's body, as far as tests look at it. */
export interface ProblemBody {
  status: number;
  code: string;
  detail: string;
  request_id: string;
  errors?: { path: string; message: string }[];
}

/** An answer of the API. `body` is the JSON, or the text where it is none; null where there is none. */
export interface Answer<T = unknown> {
  status: number;
  body: T;
  headers: Headers;
}

/** A caller with an access token. */
export interface Caller {
  accessToken: string;
}

/**
 * Calls the API as `session`, or as nobody. An object is sent as JSON, FormData and strings as they are. As from every
 * client of Supabase, the publishable key goes with it.
 */
export async function call(
  session: Caller | null,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const raw = body === undefined || typeof body === "string" || body instanceof FormData ||
    body instanceof Uint8Array;
  const response = await fetch(functionUrl(path), {
    method,
    headers: {
      apikey: stackUnderTest().publishable_key,
      ...(session ? { authorization: `Bearer ${session.accessToken}` } : {}),
      ...(raw ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    body: raw ? body as BodyInit ?? null : JSON.stringify(body),
  });
  const text = await response.text();
  const json = response.headers.get("content-type")?.includes("json");
  const answer = json && text ? JSON.parse(text) : text || null;
  record({ method, path, request: body, status: response.status, response: answer });
  return { status: response.status, body: answer, headers: response.headers };
}

/** Asks again while the organization has too many requests under way (503 busy), as the client does. */
export async function patiently(...request: Parameters<typeof call>): Promise<Answer> {
  for (let tries = 1;; tries++) {
    const answer = await call(...request);
    if (answer.status !== 503 || tries === 10) return answer;
  }
}

/** Asserts the status and gives the body, as the type the caller knows it to have; a failure shows the body. */
export function expectStatus<T = unknown>(answer: Answer, status: number): T {
  assert.equal(
    answer.status,
    status,
    `wanted ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`,
  );
  return answer.body as T;
}

/** Asserts a problem with this status and code, and gives it. */
export function expectProblem(answer: Answer, status: number, code?: string): ProblemBody {
  const shown = `got ${answer.status}: ${JSON.stringify(answer.body)}`;
  assert.equal(answer.status, status, `wanted ${status}, ${shown}`);
  assert.equal(
    answer.headers.get("content-type"),
    "application/problem+json",
    `no problem+json, ${shown}`,
  );
  const problem = answer.body as ProblemBody;
  if (code !== undefined) assert.equal(problem.code, code, `wanted the code ${code}, ${shown}`);
  return problem;
}
