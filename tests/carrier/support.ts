import { CARRIER_CREDENTIALS } from "../../local/carrier/credentials.ts";
import { type CarrierOptions, startCarrier } from "../../local/carrier/main.ts";

const WAIT_MS = 90_000;

/** A webhook as it arrived; `url` is what the sender requested. */
export interface Received {
  method: string;
  url: string;
  headers: Headers;
  body: string;
  params: Record<string, string>;
}

/** A server that keeps what it gets; `answerWith` chooses the HTTP status. */
export function startReceiver(answerWith: (count: number) => number = () => 204) {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (req) => {
    const body = await req.text();
    const params = Object.fromEntries(
      req.method === "GET" ? new URL(req.url).searchParams : new URLSearchParams(body),
    );
    const headers = new Headers(req.headers);
    received.push({ method: req.method, url: req.url, headers, body, params });
    waiting.forEach((check) => check());
    return new Response(null, { status: answerWith(received.length) });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    received,
    /** Resolves as soon as enough webhooks fit. */
    until(count: number, fits: (one: Received) => boolean = () => true): Promise<Received[]> {
      const { promise, resolve, reject } = Promise.withResolvers<Received[]>();
      const check = () => {
        const fitting = received.filter(fits);
        if (fitting.length >= count) resolve(fitting);
      };
      const timer = setTimeout(
        () => reject(new Error(`waited for ${count} webhooks, got ${JSON.stringify(received)}`)),
        WAIT_MS,
      );
      waiting.add(check);
      check();
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(check);
      });
    },
    stop: () => server.shutdown(),
  };
}

/** An address where nothing listens. */
export async function closedUrl(): Promise<string> {
  const receiver = startReceiver();
  await receiver.stop();
  return receiver.url;
}

/** Asks again until the answer is the wanted one. */
export async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > end) throw new Error(`waited too long; last: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Runs a test against a carrier of its own, fast unless told otherwise. */
export async function withCarrier(
  test: (carrier: Client) => Promise<void>,
  options: Partial<CarrierOptions> = {},
): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  const carrier = await startCarrier({ port: 0, dataDir, latencyMs: 5, ...options });
  try {
    await test(createClient(carrier.url));
  } finally {
    await carrier.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}

export type Client = ReturnType<typeof createClient>;

/** A message as `GET /messages` lists it. */
interface ListedMessage {
  id: string;
  provider: string;
  to: string;
  from: string;
  body: string;
  status: string;
  accepted_at: string;
}

/** A Message resource of Twilio, or its error. */
interface TwilioJson {
  sid: string;
  status: string | number;
  code: number;
  more_info: string;
  account_sid: string;
  date_created: string;
  error_code: number | null;
  from: string | null;
  num_segments: string;
  to: string;
}

interface TwilioList {
  messages: TwilioJson[];
  next_page_uri: string | null;
}

/** Arkesel's answer to a send, or its error. */
interface ArkeselJson {
  status: string;
  data: { recipient: string; id: string }[];
}

interface Callbacks {
  owed: number;
  paused: boolean;
}

/** Plain HTTP to a carrier, with its credentials. */
export function createClient(url: string) {
  const { twilioAccountSid, twilioAuthToken, arkeselApiKey } = CARRIER_CREDENTIALS;
  const root = `/2010-04-01/Accounts/${twilioAccountSid}/Messages`;
  const basic = `Basic ${btoa(`${twilioAccountSid}:${twilioAuthToken}`)}`;
  const call = async <T = unknown>(path: string, init: RequestInit = {}) => {
    const response = await fetch(url + path, init);
    const json: T = await response.json();
    return { status: response.status, json, headers: response.headers };
  };
  return {
    url,
    call,
    post: (path: string, body: unknown = {}) =>
      call<{ id: string }>(path, { method: "POST", body: JSON.stringify(body) }),
    messages: async (query = "") => (await call<ListedMessage[]>(`/messages${query}`)).json,
    callbacks: async () => (await call<Callbacks>("/callbacks")).json,
    twilio: (form?: Record<string, string>, path = "", authorization = basic) =>
      call<TwilioJson>(`${root}${path}.json`, {
        headers: { authorization, "content-type": "application/x-www-form-urlencoded" },
        ...(form ? { method: "POST", body: once(new URLSearchParams(form).toString()) } : {}),
      }),
    twilioPath: (path: string) => call<TwilioList>(path, { headers: { authorization: basic } }),
    list: (query: Record<string, string>) =>
      call<TwilioList>(`${root}.json?${new URLSearchParams(query)}`, {
        headers: { authorization: basic },
      }),
    arkesel: <T = ArkeselJson>(path: string, body?: unknown, key: string = arkeselApiKey) =>
      call<T>(`/api/v2${path}`, {
        headers: { "api-key": key, "content-type": "application/json" },
        ...(body ? { method: "POST", body: once(JSON.stringify(body)) } : {}),
      }),
  };
}

/** A body that Deno cannot send again by itself when the connection is cut. */
function once(body: string): ReadableStream {
  return new Blob([body]).stream();
}
