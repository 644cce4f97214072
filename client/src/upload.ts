import type { paths } from "./api.d.ts";
import { type Problem, SignalboxError } from "./problem.ts";

/** The paths that take a form with a file. */
export type UploadPath = {
  [P in keyof paths]: paths[P] extends {
    post: { requestBody: { content: { "multipart/form-data": unknown } } };
  } ? P
    : never;
}[keyof paths];

/** What an upload answers. */
export type UploadAnswer<P extends UploadPath> = paths[P] extends { post: { responses: infer R } }
  ? R[keyof R & (200 | 201 | 202)] extends { content: { "application/json": infer T } } ? T
  : never
  : never;

export interface UploadOptions {
  /**
   * Called with the bytes sent so far and in all; it begins anew when the upload is repeated. Outside browsers sent is what
   * the runtime took to send. In service workers it is called at the end only.
   */
  onProgress?: (sent: number, total: number) => void;
  signal?: AbortSignal;
}

type Send = (request: Request) => Promise<Response>;

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** The headers of an answer, each on a line of its own. */
function headersOf(lines: string): Headers {
  const headers = new Headers();
  for (const line of lines.trim().split(/[\r\n]+/)) {
    const at = line.indexOf(":");
    if (at > 0) {
      headers.append(line.slice(0, at).trim(), line.slice(at + 1).trim());
    }
  }
  return headers;
}

type OnProgress = NonNullable<UploadOptions["onProgress"]>;

/** `fetch` of a form by XMLHttpRequest, because `fetch` does not say how much of a body has been sent. */
const measuredFetch =
  (form: FormData, onProgress: OnProgress): Send => ({ url, headers, signal }) =>
    new Promise((done, fail) => {
      if (signal.aborted) return fail(signal.reason);
      const request = new XMLHttpRequest();
      const abort = () => request.abort();
      request.open("POST", url);
      for (const [name, value] of headers) {
        // The type names the boundary, which is made anew here.
        if (name.toLowerCase() !== "content-type") {
          request.setRequestHeader(name, value);
        }
      }
      request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(loaded, total));
      request.addEventListener("load", () => {
        const { status } = request;
        const body = [204, 205, 304].includes(status) ? null : request.responseText;
        done(
          new Response(body, {
            status,
            headers: headersOf(request.getAllResponseHeaders()),
          }),
        );
      });
      request.addEventListener("error", () => fail(new TypeError("The upload failed on its way.")));
      request.addEventListener("abort", () => fail(signal.reason));
      request.addEventListener("loadend", () => signal.removeEventListener("abort", abort));
      signal.addEventListener("abort", abort, { once: true });
      request.send(form);
    });

const CHUNK_BYTES = 64 * 1024;

/** The bytes as a stream that says how many were taken. */
function counted(bytes: Uint8Array<ArrayBuffer>, onProgress: OnProgress): ReadableStream {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent > 0) onProgress(sent, bytes.length);
      if (sent === bytes.length) return controller.close();
      const chunk = bytes.subarray(sent, sent + CHUNK_BYTES);
      sent += chunk.length;
      controller.enqueue(chunk);
    },
  }, { highWaterMark: 0 });
}

/** `fetch` of a form as a stream, which Node.js, Deno and Bun send. */
const streamedFetch =
  (form: FormData, onProgress: OnProgress, send: Send): Send =>
  async ({ url, headers: given, signal }) => {
    const encoded = new Response(form);
    const headers = new Headers(given);
    headers.set("content-type", encoded.headers.get("content-type") ?? "");
    const bytes = new Uint8Array(await encoded.arrayBuffer());
    const body = counted(bytes, onProgress);
    const init: RequestInit & { duplex: "half" } = {
      method: "POST",
      headers,
      body,
      signal,
      duplex: "half",
    };
    return await send(new Request(url, init));
  };

const sizeOf = (form: FormData): number =>
  [...form.values()].reduce(
    (sum, value) => sum + (typeof value === "string" ? value.length : value.size),
    0,
  );

/** How a form goes out so that its progress can be told; null: in no way. */
function measured(form: FormData, onProgress: OnProgress, send: Send): Send | null {
  if (typeof XMLHttpRequest !== "undefined") return measuredFetch(form, onProgress);
  // Browsers stream by HTTP/2 only.
  return "ServiceWorkerGlobalScope" in globalThis ? null : streamedFetch(form, onProgress, send);
}

/**
 * Sends a form, again where that is safe; throws SignalboxError for an answer that is an error.
 * @param sending how requests go out: with XMLHttpRequest's or another `fetch`, and repeated.
 */
export async function uploadForm(
  url: string,
  form: FormData,
  headers: Record<string, string>,
  { onProgress, signal }: UploadOptions,
  sending: { fetch: Send; repeating: (send: Send) => Send },
): Promise<unknown> {
  const telling = onProgress ? measured(form, onProgress, sending.fetch) : null;
  const send = sending.repeating(telling ?? sending.fetch);
  const response = await send(
    new Request(url, {
      method: "POST",
      headers,
      body: form,
      signal: signal ?? null,
    }),
  );
  const body = jsonOf(await response.text());
  if (!response.ok) {
    throw new SignalboxError(
      response.status,
      body as Problem | null,
      response.headers,
    );
  }
  if (!telling) onProgress?.(sizeOf(form), sizeOf(form));
  return body;
}
