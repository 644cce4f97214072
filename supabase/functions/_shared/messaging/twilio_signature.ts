import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { isJson } from "./provider_http.ts";

/** Form parameters; a repeated name has all its values. */
export type SignatureParams = Record<string, string | string[]>;

/**
 * Twilio's signature of a request: base64 HMAC-SHA1, under the account's primary auth token, of the
 * URL followed by every form parameter's name and value, sorted by name. Repeated values count
 * once, sorted. Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security.
 */
export function twilioSignature(authToken: string, url: string, params: SignatureParams): string {
  let data = url;
  for (const key of Object.keys(params).sort()) {
    const value = params[key] ?? "";
    const values = Array.isArray(value) ? Array.from(new Set(value)).sort() : [value];
    for (const one of values) data += key + one;
  }
  return createHmac("sha1", authToken).update(data, "utf8").digest("base64");
}

/** What is needed to verify a webhook: the public URL as Twilio requested it, headers, raw body. */
export interface SignedRequest {
  url: string;
  headers: Headers;
  rawBody: string;
}

/**
 * Whether Twilio signed this request. For JSON the body's hash stands in the signed URL as
 * `bodySHA256`; a JSON body without it is refused. A request without a body (GET) is signed by its
 * URL alone.
 */
export function verifyTwilioSignature(authToken: string, request: SignedRequest): boolean {
  const given = request.headers.get("x-twilio-signature");
  if (!authToken || !given || !URL.canParse(request.url)) return false;
  const bodyHash = new URL(request.url).searchParams.get("bodySHA256");
  if (bodyHash !== null) {
    const hash = createHash("sha256").update(request.rawBody, "utf8").digest("hex");
    if (!sameText(hash, bodyHash)) return false;
  } else if (isJson(request.headers)) {
    return false;
  }
  const params = bodyHash === null ? formParams(request.rawBody) : {};
  return Array.from(candidateUrls(request.url))
    .some((url) => sameText(twilioSignature(authToken, url, params), given));
}

/** The parameters of a form body, with all values of repeated names. */
export function formParams(rawBody: string): SignatureParams {
  // No prototype, so that a parameter may have any name.
  const params: SignatureParams = Object.create(null);
  for (const [key, value] of new URLSearchParams(rawBody)) {
    const known = params[key];
    params[key] = known === undefined ? value : [known, value].flat();
  }
  return params;
}

/**
 * Twilio's back ends disagree on whether the port is part of the signed URL and on how the query is
 * escaped; its own SDK tries these forms. Proxies on the way escape signs that Twilio signs as they
 * are (twilio/twilio-node #1183).
 */
function candidateUrls(url: string): Set<string> {
  const normal = new URL(url).toString();
  const forms = [url, withSigns(url), normal].flatMap((
    form,
  ) => [withoutPort(form), withPort(form)]);
  const legacy = [withoutPort(normal), withPort(normal)].map(withLegacyQuery);
  return new Set([...forms, ...legacy]);
}

/** The query with the signs that parsing a URL escapes: ' " < > (https://url.spec.whatwg.org/#query-percent-encode-set). */
function withSigns(url: string): string {
  const start = url.indexOf("?");
  if (start === -1) return url;
  const query = url.slice(start).replace(/%(27|22|3C|3E)/gi, decodeURIComponent);
  return url.slice(0, start) + query;
}

// Scheme, user, host, port. `new URL()` would drop a default port and escape some characters.
const ORIGIN = /^([a-z][a-z0-9+.-]*:\/\/)((?:[^/?#]*@)?)(\[[^\]]*\]|[^/?#:]*)(:[^/?#]*)?/i;

function withoutPort(url: string): string {
  return url.replace(ORIGIN, "$1$2$3");
}

function withPort(url: string): string {
  return url.replace(ORIGIN, (whole, scheme: string, user: string, host: string, port?: string) => {
    if (port) return whole;
    return `${scheme}${user}${host}${scheme.toLowerCase() === "https://" ? ":443" : ":80"}`;
  });
}

/** The query as Node's old `querystring` would parse and write it again. */
function withLegacyQuery(url: string): string {
  const start = url.indexOf("?");
  if (start === -1 || start === url.length - 1) return url;
  const groups = new Map<string, string[]>();
  for (const pair of url.slice(start + 1).split("&")) {
    if (pair === "") continue;
    const [, key = "", value = ""] = /^([^=]*)=?([\s\S]*)$/.exec(pair) ?? [];
    const name = legacyDecode(key);
    groups.set(name, [...(groups.get(name) ?? []), legacyDecode(value)]);
  }
  const query = Array.from(
    groups,
    ([key, values]) =>
      values.map((value) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`),
  ).flat();
  return `${url.slice(0, start)}?${query.join("&")}`;
}

function legacyDecode(text: string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** Compares in constant time. */
function sameText(left: string, right: string): boolean {
  const [a, b] = [new TextEncoder().encode(left), new TextEncoder().encode(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
