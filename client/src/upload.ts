import { type Problem, SignalboxError } from "./problem.ts";

export interface UploadOptions {
  /** Called with the bytes sent so far and in all. Outside browsers it is called at the end only. */
  onProgress?: (sent: number, total: number) => void;
  signal?: AbortSignal;
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** XMLHttpRequest, because `fetch` does not say how much of a body has been sent. */
function sendWithProgress(
  url: string,
  form: FormData,
  headers: Record<string, string>,
  { onProgress, signal }: UploadOptions,
): Promise<unknown> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) {
      request.setRequestHeader(name, value);
    }
    request.upload.addEventListener(
      "progress",
      ({ loaded, total }) => onProgress?.(loaded, total),
    );
    request.addEventListener("load", () => {
      const body = jsonOf(request.responseText);
      if (request.status < 300) return done(body);
      const retry = request.getResponseHeader("retry-after");
      fail(
        new SignalboxError(
          request.status,
          body as Problem | null,
          new Headers(retry ? { "retry-after": retry } : {}),
        ),
      );
    });
    request.addEventListener(
      "error",
      () => fail(new TypeError("The upload failed on its way.")),
    );
    request.addEventListener("abort", () => fail(signal?.reason));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}

/** Sends a form; throws SignalboxError for an answer that is an error. */
export async function uploadForm(
  url: string,
  form: FormData,
  headers: Record<string, string>,
  options: UploadOptions = {},
  send: (request: Request) => Promise<Response>,
): Promise<unknown> {
  if (typeof XMLHttpRequest !== "undefined" && options.onProgress) {
    return await sendWithProgress(url, form, headers, options);
  }
  const response = await send(
    new Request(url, {
      method: "POST",
      headers,
      body: form,
      signal: options.signal ?? null,
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
  const total = [...form.values()].reduce(
    (sum, value) => sum + (typeof value === "string" ? value.length : value.size),
    0,
  );
  options.onProgress?.(total, total);
  return body;
}
