/**
 * Notes what the stack answers, for the examples of the API reference: with RECORD_EXAMPLES each answer that is a success
 * becomes a line of a file in that folder: a JSON answer, or none to a JSON request. `deno task openapi:examples <folder>`
 * makes examples of them.
 */
const folder = Deno.env.get("RECORD_EXAMPLES");
const LARGEST = 200_000;

/** An exchange with the API. */
export interface Recorded {
  method: string;
  /** Without its query. */
  path: string;
  request: unknown;
  status: number;
  response: unknown;
}

const isJson = (value: unknown): boolean =>
  value !== null && typeof value === "object" && !(value instanceof FormData) &&
  !(value instanceof Uint8Array);

/** Keeps a successful exchange, if somebody wants examples. */
export function record({ path, request, response, ...rest }: Recorded): void {
  const isShown = isJson(response) || (isJson(request) && rest.status === 204);
  if (!folder || rest.status >= 300 || !isShown) return;
  const line = JSON.stringify({
    ...rest,
    path: path.split("?")[0],
    request: isJson(request) ? request : null,
    response,
  });
  if (line.length > LARGEST) return;
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeTextFileSync(`${folder}/${Deno.pid}.jsonl`, `${line}\n`, { append: true });
}
