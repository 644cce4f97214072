const encoder = new TextEncoder();

function write(stream: { writeSync(bytes: Uint8Array): number }, line: string): void {
  let bytes = encoder.encode(line + "\n");
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

/** Writes one line to standard output. */
export function say(line: string): void {
  write(Deno.stdout, line);
}

/** Writes one line to standard error. */
export function warn(line: string): void {
  write(Deno.stderr, line);
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
