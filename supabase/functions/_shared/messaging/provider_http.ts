import { log } from "../log.ts";
import { postPlain } from "./plain_request.ts";
import type { ProviderOptions, WebhookRequest } from "./provider.ts";

const DEFAULT_TIMEOUT_MS = 10_000;

/** A provider's answer; `json` is an empty object when the body is not a JSON object. */
export interface Answer {
  kind: "answer";
  status: number;
  json: Record<string, unknown>;
  retryAfterSeconds: number | null;
}

/** No answer. `neverSent`: no connection was made, so nothing can have been processed. */
export interface NoAnswer {
  kind: "none";
  code: string;
  message: string;
  neverSent: boolean;
}

/** A GET, or a POST when it has a body. */
export interface ProviderRequest {
  headers: Record<string, string>;
  body?: string;
}

/** What came back, before it is read. */
interface RawAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** Hosts that have refused a body without Content-Length. */
const plainHosts = new Set<string>();

/**
 * One request to a provider, processed at most once: bounded in time, redirects not followed, nothing
 * thrown. A body that the provider refuses because it has no length was certainly not processed: it
 * is sent again with one, and so is every later body to that host.
 */
export async function callProvider(
  options: ProviderOptions,
  path: string,
  { headers, body }: ProviderRequest,
): Promise<Answer | NoAnswer> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const url = options.baseUrl.replace(/\/+$/, "") + path;
  try {
    return toAnswer(
      await exchange(url, { headers, ...(body !== undefined && { body }) }, {
        fetch: options.fetch ?? fetch,
        timeoutMs,
      }),
    );
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError") {
      const message = `no answer within ${timeoutMs} ms`;
      return { kind: "none", code: "timeout", message, neverSent: false };
    }
    // Without the error's own message, which may contain the URL and with it a token.
    return neverConnected(error)
      ? {
        kind: "none",
        code: "connect",
        message: "the provider cannot be reached",
        neverSent: true,
      }
      : { kind: "none", code: "connection_lost", message: "connection lost", neverSent: false };
  }
}

async function exchange(
  url: string,
  { headers, body }: ProviderRequest,
  { fetch, timeoutMs }: { fetch: typeof globalThis.fetch; timeoutMs: number },
): Promise<RawAnswer> {
  const { host } = new URL(url);
  const end = Date.now() + timeoutMs;
  if (body !== undefined && plainHosts.has(host)) {
    return await postPlain(url, headers, body, timeoutMs);
  }
  const response = await fetch(url, {
    headers,
    // A text as body would be sent a second time by Deno itself when a kept-alive connection is
    // cut before the answer (denoland/deno#32566), and the recipient would get two texts. A stream
    // cannot be repeated.
    ...(body === undefined ? {} : { method: "POST", body: streamOf(body) }),
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
  const answer = {
    status: response.status,
    headers: response.headers,
    text: await response.text(),
  };
  if (body === undefined || !wantsLength(answer)) return answer;
  if (!plainHosts.has(host)) {
    plainHosts.add(host);
    log("warn", "provider_wants_content_length", { host, status: answer.status });
  }
  // Both attempts together take no longer than one may.
  return await postPlain(url, headers, body, Math.max(1, end - Date.now()));
}

/** Whether a provider refused a request because its body came in chunks (RFC 9110, 15.5.12 and 15.6.2). */
function wantsLength({ status, text }: RawAnswer): boolean {
  return status === 411 || status === 501 ||
    status === 400 && /content-length|transfer-encoding|chunked/i.test(text);
}

function toAnswer({ status, headers, text }: RawAnswer): Answer {
  return {
    kind: "answer",
    status,
    json: parseObject(text),
    retryAfterSeconds: parseRetryAfter(headers.get("retry-after")),
  };
}

function streamOf(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
}

/** Hides all but the last two digits of every phone number in a provider's text. */
export function maskNumbers(text: string): string {
  return text.replace(/\+?\d{5,}(\d{2})/g, "…$1");
}

/** The text under `key`, storable, or null. Numbers become text; anything else is null. */
export function textOf(record: Record<string, unknown>, key: string): string | null {
  const value = record[key];
  if (typeof value === "number") return String(value);
  return typeof value === "string" ? storable(value) || null : null;
}

/** A text that PostgreSQL can store: without U+0000 and unpaired surrogates. */
export const storable = (text: string): string => text.toWellFormed().replaceAll("\0", "");

/**
 * The parameters of a webhook: the query for GET, else the form or flat JSON object in the body, without characters that
 * the database cannot store, so that no opt-out is lost because of them.
 */
export function webhookParams(request: WebhookRequest): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(rawParams(request)).map(([key, value]) => [
      storable(key),
      typeof value === "string" ? storable(value) : value,
    ]),
  );
}

function rawParams(request: WebhookRequest): Record<string, unknown> {
  if (request.method.toUpperCase() === "GET") {
    return Object.fromEntries(new URL(request.url).searchParams);
  }
  return isJson(request.headers)
    ? parseObject(request.rawBody)
    : Object.fromEntries(new URLSearchParams(request.rawBody));
}

/** Whether the body is declared to be JSON. */
export function isJson(headers: Headers): boolean {
  return /^application\/(?:[\w.+-]+\+)?json\b/i.test(headers.get("content-type") ?? "");
}

/** Whether a value is an object with named members. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** RFC 9110: seconds or an HTTP date. */
export function parseRetryAfter(value: string | null): number | null {
  if (value === null) return null;
  if (/^\d+$/.test(value)) return Number(value);
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - Date.now()) / 1000));
}

/** Deno reports `client error (Connect)` for failures before a request is written; Node has codes. */
function neverConnected(error: unknown): boolean {
  const connectFailure =
    /client error \(Connect\)|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/;
  for (let link: unknown = error; link instanceof Error; link = link.cause) {
    const code = "code" in link ? String(link.code) : "";
    if (connectFailure.test(link.message) || connectFailure.test(code)) return true;
  }
  return false;
}
