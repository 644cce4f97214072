/** A refusal as Google's APIs word it; thrown anywhere, so that a batch that fails changes nothing. */
export class Refusal extends Error {
  constructor(
    readonly code: number,
    readonly status: string,
    message: string,
    /** The older, finer code, which some answers carry. */
    readonly reason: string | null = null,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }

  toResponse(): Response {
    const { code, status, message, reason, headers } = this;
    const errors = reason === null ? {} : { errors: [{ domain: "usageLimits", reason, message }] };
    return Response.json({ error: { code, message, status, ...errors } }, {
      status: code,
      headers,
    });
  }
}

/** Answers with what the work gives, or why Google refuses it. */
export async function respond(work: () => Promise<unknown>): Promise<Response> {
  try {
    return Response.json(await work());
  } catch (error) {
    if (error instanceof Refusal) return error.toResponse();
    throw error;
  }
}

export const badRequest = (message: string): Refusal =>
  new Refusal(400, "INVALID_ARGUMENT", message);
