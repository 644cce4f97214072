import { withoutApiKeys } from "./api_key_form.ts";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { forgetActor } from "./actor.ts";
import { forgetApiKey } from "./api_key.ts";
import type { AppEnv } from "./context.ts";
import { log } from "./log.ts";
import { invalidFields, Problem, problemResponse, problemStatus } from "./problem.ts";
import { reportFault } from "./sentry.ts";
import { z } from "./zod.ts";

/** The 422 for a request that does not match its schema. */
export function invalidInput(issues: z.core.$ZodIssue[]): Problem {
  return invalidFields(
    issues.slice(0, 100).map((issue) => ({ path: issue.path.join("."), message: issue.message })),
  );
}

/** Converts anything that was thrown. What is not ours becomes a 500 without details. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof z.ZodError) {
    return new Problem(
      500,
      "internal",
      "Something went wrong. Give the request id when you report it.",
      { cause: error },
    );
  }
  if (error instanceof HTTPException && error.status === 415) {
    const detail = "The endpoint does not accept this content type.";
    return new Problem(415, "unsupported_media_type", detail, { cause: error });
  }
  if (error instanceof HTTPException && error.status < 500) {
    const status = problemStatus(error.status);
    return new Problem(status === 500 ? 400 : status, "malformed", "The request is malformed.", {
      cause: error,
    });
  }
  return new Problem(
    500,
    "internal",
    "Something went wrong. Give the request id when you report it.",
    { cause: error },
  );
}

/** The response for a problem; a problem of 500 or more is logged and reported. */
export function failed(c: Context<AppEnv>, problem: Problem): Response {
  const requestId = c.var.requestId ?? crypto.randomUUID();
  if (["not_a_member", "api_key_ended", "impersonation_ended"].includes(problem.code)) {
    forgetActor(c);
    forgetApiKey(c);
  }
  if (problem.status >= 500) {
    const cause = problem.extra.cause ?? problem;
    log("error", "fault", {
      request_id: requestId,
      path: c.req.path,
      code: problem.code,
      cause: cause instanceof Error ? cause.stack ?? cause.message : JSON.stringify(cause),
    });
    reportFault(cause, { request_id: requestId, path: withoutApiKeys(c.req.path) });
  }
  return problemResponse(problem, requestId);
}
