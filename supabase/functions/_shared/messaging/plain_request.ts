import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

/** An answer with its body as text. */
export interface PlainAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/**
 * A POST with Content-Length on a connection of its own. `fetch` sends such a body again when a kept-alive
 * connection is cut before the answer (denoland/deno#32566); a connection that was never used before is not repeated.
 * @throws what `node:http` throws, and a `TimeoutError` after `timeoutMs`.
 */
export function postPlain(
  url: string,
  headers: Record<string, string>,
  body: string,
  timeoutMs: number,
): Promise<PlainAnswer> {
  const bytes = new TextEncoder().encode(body);
  const send = url.startsWith("https:") ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: "POST",
      agent: false,
      headers: { ...headers, "content-length": bytes.length, connection: "close" },
    }, (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        clearTimeout(timer);
        resolve({
          status: response.statusCode ?? 0,
          headers: new Headers(
            Object.entries(response.headers).flatMap(([name, value]) =>
              typeof value === "string" ? [[name, value] as [string, string]] : []
            ),
          ),
          text: new TextDecoder().decode(concatenate(chunks)),
        });
      });
    });
    const timer = setTimeout(() => {
      reject(new DOMException("no answer in time", "TimeoutError"));
      request.destroy();
    }, timeoutMs);
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.end(bytes);
  });
}

function concatenate(chunks: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
