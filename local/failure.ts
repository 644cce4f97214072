/** A failure that one sentence explains: what is wrong and what to do. It is shown without a stack. */
export class Failure extends Error {
  override name = "Failure";
}

/** Turns errors of the operating system that people meet into sentences; leaves the rest as it is. */
export function explain(error: unknown): unknown {
  const text = error instanceof Error ? `${error.message} ${Reflect.get(error, "code") ?? ""}` : "";
  if (/ENOSPC|No space left on device|could not extend file/.test(text)) {
    return new Failure("No space is left on the disk: free some, then start again.");
  }
  return error;
}
