/** The titles of problems. */
export const titles = {
  400: "Bad request",
  401: "Not signed in",
  403: "Not allowed",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  410: "Gone",
  413: "Too large",
  415: "Unsupported media type",
  422: "Invalid",
  426: "Upgrade required",
  429: "Too many requests",
  500: "Something went wrong",
  502: "A provider failed",
  503: "Unavailable",
} as const;

/** The statuses of problems. */
export type ProblemStatus = keyof typeof titles;

/** What the API description says of them. */
export const descriptions: Partial<Record<ProblemStatus, string>> = {
  400: "The request is malformed",
  401: "No token, or one that is not valid",
  403: "The caller's role lacks the permission; the detail says which",
  404: "Not found, or not visible to the caller",
  409: "Conflicts with existing data",
  410: "No longer there",
  413: "Larger than allowed",
  422: "Some fields are invalid",
  426: "Not a WebSocket request",
  429: "Too many requests: see Retry-After",
};
