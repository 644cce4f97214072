import postgres from "postgres";

/*
 * PostgREST's table of SQLSTATE and HTTP status (https://docs.postgrest.org/en/stable/references/errors.html).
 * Lite knows some of these and answers 500 without the code for the rest.
 */
const exact: Record<string, number> = {
  "23503": 409,
  "23505": 409,
  "25006": 405,
  "21000": 500,
  "42883": 404,
  "42P01": 404,
  "42P17": 500,
  "53400": 500,
  "57P01": 503,
  "P0001": 400,
};

const classes: Record<string, number> = {
  "08": 503,
  "09": 500,
  "0L": 403,
  "0P": 403,
  "25": 500,
  "28": 403,
  "2D": 500,
  "38": 500,
  "39": 500,
  "3B": 500,
  "40": 500,
  "53": 503,
  "54": 500,
  "55": 500,
  "57": 500,
  "58": 500,
  "F0": 500,
  "HV": 500,
  "P0": 500,
  "XX": 500,
};

/** The HTTP status PostgREST gives an error of the database. */
export function statusOf(
  { code, message }: Pick<postgres.PostgresError, "code" | "message">,
  anonymous: boolean,
): number {
  if (code === "42501") return anonymous ? 401 : 403;
  // The words of pg-safeupdate.
  if (code === "21000" && message.endsWith("requires a WHERE clause")) return 400;
  const own = /^PT([2-5]\d\d)$/.exec(code)?.[1];
  return own ? Number(own) : exact[code] ?? classes[code.slice(0, 2)] ?? 400;
}

/** The answer PostgREST gives to an error of the database, or null if it was none. */
export function databaseErrorResponse(error: unknown, anonymous: boolean): Response | null {
  if (!(error instanceof postgres.PostgresError)) return null;
  const { code, message, detail, hint } = error;
  // Lite answers these two itself as PostgREST does: with the error's own status, and naming the table.
  if (code === "PGRST" || code === "42703") return null;
  const body = { code, message, details: detail ?? null, hint: hint ?? null };
  return Response.json(body, { status: statusOf(error, anonymous) });
}
