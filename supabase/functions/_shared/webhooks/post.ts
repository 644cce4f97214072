import { type Answer, readAnswer } from "./answer.ts";
import { callableAddresses, hostOf, isSameAddress, type WebhookRules } from "./address.ts";

/** How connections are made; tests replace it. */
export interface Network {
  connect(options: { hostname: string; port: number }): Promise<Deno.TcpConn>;
  startTls(conn: Deno.TcpConn, options: { hostname: string }): Promise<Deno.TlsConn>;
}

const platform: Network = {
  connect: (options) => Deno.connect(options),
  startTls: (conn, options) => Deno.startTls(conn, options),
};

export interface WebhookPost {
  url: URL;
  headers: Record<string, string>;
  body: string;
  /** Of the whole exchange: look-up, connection, request and answer. */
  timeoutMs: number;
}

/** The try took longer than its time. */
export class TookTooLong extends Error {
  constructor(ms: number) {
    super(`No answer within ${ms / 1_000} s.`);
  }
}

function requestBytes({ url, headers, body }: WebhookPost): Uint8Array<ArrayBuffer> {
  const content = new TextEncoder().encode(body);
  const lines = [
    `POST ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${content.length}`,
    "Connection: close",
  ];
  const head = new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
  const bytes = new Uint8Array(head.length + content.length);
  bytes.set(head);
  bytes.set(content, head.length);
  return bytes;
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

/** Closes whatever is open when the time is over, also a connection that is made afterwards. */
class Deadline {
  readonly controller = new AbortController();
  readonly over: Promise<never>;
  private open: Deno.Conn | undefined;
  private readonly timer: ReturnType<typeof setTimeout>;

  constructor(ms: number) {
    const { promise, reject } = Promise.withResolvers<never>();
    this.over = promise;
    promise.catch(() => {});
    this.timer = setTimeout(() => {
      reject(new TookTooLong(ms));
      this.controller.abort();
      this.close();
    }, ms);
  }

  keep<T extends Deno.Conn>(conn: T): T {
    this.open = conn;
    if (this.controller.signal.aborted) this.close();
    return conn;
  }

  close(): void {
    try {
      this.open?.close();
    } catch {
      // It was closed already.
    }
    this.open = undefined;
  }

  end(): void {
    clearTimeout(this.timer);
    this.close();
  }
}

async function connected(
  url: URL,
  addresses: string[],
  network: Network,
  deadline: Deadline,
): Promise<Deno.Conn> {
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  let failure: unknown;
  for (const hostname of addresses) {
    try {
      const conn = deadline.keep(await network.connect({ hostname, port }));
      if (!isSameAddress(conn.remoteAddr.hostname, hostname)) {
        throw new Error("The connection goes to another address.");
      }
      if (url.protocol === "http:") return conn;
      return deadline.keep(await network.startTls(conn, { hostname: hostOf(url) }));
    } catch (error) {
      deadline.close();
      failure = error;
    }
  }
  throw failure;
}

/**
 * Posts to one of the addresses that the URL's name had when they were checked, so that no later answer of DNS counts. Not
 * by `fetch`: it looks the name up itself and cannot be told an address, and Deno 2.1's `node:https` neither. Redirects
 * are not followed.
 * @throws RefusedAddress, TookTooLong, or what made the connection fail.
 */
export async function postPinned(
  post: WebhookPost,
  rules: WebhookRules,
  network: Network = platform,
): Promise<Answer> {
  const deadline = new Deadline(post.timeoutMs);
  const exchange = async (): Promise<Answer> => {
    const addresses = await callableAddresses(post.url, rules, deadline.controller.signal);
    const conn = await connected(post.url, addresses, network, deadline);
    await writeAll(conn, requestBytes(post));
    return await readAnswer(conn);
  };
  const work = exchange();
  try {
    return await Promise.race([work, deadline.over]);
  } finally {
    work.catch(() => {});
    deadline.end();
  }
}
