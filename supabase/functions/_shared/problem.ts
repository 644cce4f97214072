import { descriptions, type ProblemStatus, titles } from "./problem_status.ts";
import { z } from "./zod.ts";

/** An invalid field: its path (dots and indexes, "" for the whole body) and what is wrong with it. */
export interface FieldError {
  path: string;
  message: string;
}

/** Narrows a number to a status of problems; any other number is 500. */
export function problemStatus(status: number): ProblemStatus {
  return status in titles ? status as ProblemStatus : 500;
}

/** Optional parts of a problem. `members` are RFC 9457 extension members, such as `existing_id`. */
export interface ProblemExtra {
  errors?: FieldError[];
  members?: Record<string, unknown>;
  headers?: Record<string, string>;
  cause?: unknown;
}

/** An error answer, thrown anywhere and converted to `application/problem+json` (RFC 9457) by the app. */
export class Problem extends Error {
  constructor(
    readonly status: ProblemStatus,
    readonly code: string,
    readonly detail: string,
    readonly extra: ProblemExtra = {},
  ) {
    super(detail, { cause: extra.cause });
  }
}

/** The 404 for a missing record, and for one that the caller may not see, which must look the same. */
export const notFound = (what: string): Problem =>
  new Problem(404, "not_found", `There is no such ${what}.`);

/** A 422 with the invalid fields. */
export const invalidFields = (errors: FieldError[]): Problem =>
  new Problem(422, "invalid_field", "Some fields are invalid.", { errors });

/**
 * Refuses a change without fields, which is most often a misspelled one.
 * @throws Problem 422 `invalid_field`
 */
export function requireChange(change: object): void {
  if (Object.keys(change).length > 0) return;
  throw invalidFields([{ path: "", message: "Give at least one field to change." }]);
}

/** The body of a problem (RFC 9457). */
export function problemBody(problem: Problem, requestId: string) {
  return {
    ...problem.extra.members,
    type: "about:blank",
    title: titles[problem.status],
    status: problem.status,
    detail: problem.detail,
    code: problem.code,
    request_id: requestId,
    ...(problem.extra.errors ? { errors: problem.extra.errors } : {}),
  };
}

/** The response of a problem. */
export function problemResponse(problem: Problem, requestId: string): Response {
  return new Response(JSON.stringify(problemBody(problem, requestId)), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", ...problem.extra.headers },
  });
}

/** The error of the Data API (PostgREST) as postgrest-js reports it. */
export interface DataApiError {
  code: string;
  message: string;
  details: string | null;
  hint: string | null;
}

type Convert = (what: string, cause: ProblemExtra) => Problem;

const forbiddenValue: Convert = (what, cause) =>
  new Problem(422, "invalid_field", `A value of the ${what} is not allowed.`, cause);

// The token expired, or its key was revoked, after the function had accepted it; streams last that long.
const endedToken: Convert = (_what, cause) =>
  new Problem(401, "not_signed_in", "Send a valid access token as a bearer token.", {
    headers: { "www-authenticate": "Bearer" },
    ...cause,
  });

const conflict: Convert = (_what, cause) =>
  new Problem(409, "try_again", "The same rows were changed at the same time. Try again.", cause);

// PostgREST has no connection to the database, or none that became free in time.
const noConnection: Convert = (_what, cause) =>
  new Problem(
    503,
    "busy",
    "The database is busy or cannot be reached. Try again in a moment.",
    cause,
  );

/**
 * Problems by the code of the database or of PostgREST.
 * Codes: https://www.postgresql.org/docs/15/errcodes-appendix.html, https://docs.postgrest.org/en/v12/references/errors.html
 */
const converters: Record<string, Convert> = {
  "23505": (what, cause) =>
    new Problem(409, "already_exists", `There is already such a ${what}.`, cause),
  "23503": (what, cause) =>
    new Problem(
      422,
      "unknown_reference",
      `The ${what} refers to something that does not exist.`,
      cause,
    ),
  "23502": forbiddenValue,
  "23514": forbiddenValue,
  "22P02": forbiddenValue,
  "22001": forbiddenValue,
  "22003": forbiddenValue,
  "22007": forbiddenValue,
  "22008": forbiddenValue,
  "22009": forbiddenValue,
  "22021": forbiddenValue,
  "22P05": forbiddenValue,
  "42501": (_what, cause) =>
    new Problem(403, "permission_denied", "Your role does not allow this.", cause),
  "PGRST301": endedToken,
  "PGRST303": endedToken,
  "PGRST116": notFound,
  "40001": conflict,
  "40P01": conflict,
  "55P03": (_what, cause) =>
    new Problem(
      503,
      "try_again",
      "Somebody else is changing the same rows. Try again in a moment.",
      cause,
    ),
  "PGRST000": noConnection,
  "PGRST001": noConnection,
  "PGRST002": noConnection,
  "PGRST003": noConnection,
  "57014": (_what, cause) =>
    new Problem(
      503,
      "took_too_long",
      "The request took too long. Narrow it down or try again.",
      cause,
    ),
};

const unexpected: Convert = (_what, cause) =>
  new Problem(
    500,
    "internal",
    "Something went wrong. Give the request id when you report it.",
    cause,
  );

/**
 * Converts an error of the Data API. An error of our own SQL (SQLSTATE PTxyz, see `private.problem`) keeps its text; of
 * any other only the kind is shown, and the log has the details.
 */
export function fromPostgres(error: DataApiError, what = "record"): Problem {
  const raised = /^PT(\d{3})$/.exec(error.code);
  if (raised) {
    return new Problem(
      problemStatus(Number(raised[1])),
      error.hint || "refused",
      error.message,
      parseDetails(error.details),
    );
  }
  return (converters[error.code] ?? unexpected)(what, { cause: error });
}

const Details = z.union([
  z.array(z.object({ path: z.string(), message: z.string() })).transform((errors) => ({ errors })),
  z.record(z.string(), z.unknown()).transform((members) => ({
    members,
    ...(typeof members["retry_after"] === "number" && {
      headers: { "retry-after": String(members["retry_after"]) },
    }),
  })),
]);

/**
 * The details of `private.problem` are a list of invalid fields, or an object of extension members, of which
 * `retry_after` (seconds) becomes a header too.
 */
function parseDetails(details: string | null): ProblemExtra {
  if (!details) return {};
  try {
    return Details.parse(JSON.parse(details));
  } catch {
    return {};
  }
}

/**
 * The data of a Data API answer.
 * @param what the name of the resource in the problem's text
 * @throws Problem for an error or missing data
 */
export function unwrap<T>(
  answer: { data: T; error: DataApiError | null },
  what?: string,
): NonNullable<T> {
  if (answer.error) throw fromPostgres(answer.error, what);
  if (answer.data === null || answer.data === undefined) throw notFound(what ?? "record");
  return answer.data;
}

/**
 * For calls without a result.
 * @throws Problem for an error
 */
export function ensure(answer: { error: DataApiError | null }): void {
  if (answer.error) throw fromPostgres(answer.error);
}

const ProblemSchema = z.object({
  type: z.string().openapi({ example: "about:blank" }),
  title: z.string().openapi({ example: "Invalid" }),
  status: z.int().openapi({ example: 422 }),
  detail: z.string().openapi({ example: "Some fields are invalid." }),
  code: z.string().openapi({ example: "invalid_field" }),
  request_id: z.string().openapi({ example: "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11" }),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
}).openapi("Problem", { description: "RFC 9457 problem details" });

/** OpenAPI responses for problems of a route. 401 and 403 of protected routes are in `guarded`. */
export function problems<S extends ProblemStatus>(...statuses: S[]) {
  const content = { "application/problem+json": { schema: ProblemSchema } };
  return Object.fromEntries(
    statuses.map((
      status,
    ) => [status, { description: descriptions[status] ?? titles[status], content }]),
  ) as Record<S, { description: string; content: typeof content }>;
}
