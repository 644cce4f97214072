import postgres from "postgres";

/** A refusal in the shape of Storage's API: the real status, and the code by which clients know it. */
export class StorageError extends Error {
  constructor(readonly statusCode: number, readonly code: string, message: string) {
    super(message);
  }
}

const errorNames: Record<number, string> = {
  400: "Bad Request",
  403: "Unauthorized",
  404: "not_found",
  409: "Duplicate",
  413: "Payload too large",
  415: "invalid_mime_type",
};

/** An object that is not there, or that the caller may not see. */
export const noObject = () => new StorageError(404, "NoSuchKey", "Object not found");
/** A bucket that is not there, or that the caller may not see. */
export const noBucket = () => new StorageError(404, "NoSuchBucket", "Bucket not found");

/** Storage answers almost every refusal with 400 and the real status in the body. */
export function storageErrorResponse(thrown: unknown): Response {
  const error = thrown instanceof postgres.PostgresError ? fromPostgres(thrown) : thrown;
  if (!(error instanceof StorageError)) throw error;
  const { statusCode, code, message } = error;
  const body = { statusCode: String(statusCode), code, error: errorNames[statusCode], message };
  return Response.json(body, { status: statusCode === 413 ? 413 : 400 });
}

function fromPostgres(error: postgres.PostgresError): Error {
  if (error.code === "42501") return new StorageError(403, "AccessDenied", error.message);
  if (error.code === "23505") {
    return new StorageError(409, "ResourceAlreadyExists", "The resource already exists");
  }
  return error.code === "23503" ? noBucket() : error;
}
