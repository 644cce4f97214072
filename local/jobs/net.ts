import postgres from "postgres";
import { messageOf, warn } from "../log.ts";

interface QueuedRequest {
  id: string;
  method: string;
  url: string;
  headers: Record<string, string> | null;
  body: Uint8Array<ArrayBuffer> | null;
  timeout_milliseconds: number;
}

interface Outcome {
  status_code: number | null;
  content_type: string | null;
  headers: Record<string, string> | null;
  content: string | null;
  timed_out: boolean;
  error_msg: string | null;
}

/** pg_net's defaults. */
const BATCH = 200;
const KEPT = "6 hours";

/** Makes the requests that the pg_net stand-in queues, as soon as their transaction commits. */
export async function startNet(adminUrl: string): Promise<{ stop(): Promise<void> }> {
  const sql = postgres(adminUrl, {
    max: 3,
    onnotice: () => {},
    connection: { application_name: "pg_net worker" },
  });
  const ending = new AbortController();
  let wanted = 0;
  let working: Promise<void> | null = null;

  async function work(): Promise<void> {
    for (let seen = -1; seen !== wanted && !ending.signal.aborted;) {
      seen = wanted;
      await drain(sql, ending.signal);
    }
  }
  function wake(): void {
    wanted++;
    working ??= work()
      .catch((error) => ending.signal.aborted || warn(`pg_net: ${messageOf(error)}`))
      .then(() => void (working = null));
  }

  await sql.listen("pg_net", wake, wake);
  return {
    async stop() {
      ending.abort();
      await working;
      await sql.end({ timeout: 1 });
    },
  };
}

async function drain(sql: postgres.Sql, ending: AbortSignal): Promise<void> {
  const [table] = await sql`select to_regclass('net.http_request_queue') as name`;
  if (!table?.name) return;
  await sql`
    delete from net._http_response where ctid in (
      select ctid from net._http_response where created < now() - ${KEPT}::interval limit ${BATCH}
    )`;
  while (!ending.aborted) {
    const requests = await sql<QueuedRequest[]>`
      delete from net.http_request_queue where id in (
        select id from net.http_request_queue order by id limit ${BATCH} for update skip locked
      ) returning id, method, url, headers, body, timeout_milliseconds`;
    if (requests.length === 0) return;
    await Promise.all(requests.map(async (request) => {
      const outcome = await send(request, ending);
      const headers = outcome.headers && sql.json(outcome.headers);
      if (ending.aborted) return;
      await sql`insert into net._http_response ${sql({ id: request.id, ...outcome, headers })}`;
    }));
  }
}

async function send(request: QueuedRequest, ending: AbortSignal): Promise<Outcome> {
  const { url, headers, body, timeout_milliseconds: limit } = request;
  const method = request.method.toUpperCase();
  const timeout = AbortSignal.timeout(limit);
  const failed = { status_code: null, content_type: null, headers: null, content: null };
  try {
    const response = await fetch(url, {
      method,
      headers: { "user-agent": "pg_net/0.20.6", ...headers },
      body: method === "GET" ? null : body,
      signal: AbortSignal.any([timeout, ending]),
    });
    return {
      status_code: response.status,
      content_type: response.headers.get("content-type"),
      headers: Object.fromEntries(response.headers),
      content: await response.text() || null,
      timed_out: false,
      error_msg: null,
    };
  } catch (error) {
    const reason = timeout.aborted
      ? `Timeout of ${limit} ms reached. Total time: ${limit} ms`
      : /dns|lookup/i.test(messageOf(error))
      ? "Couldn't resolve host name"
      : "Couldn't connect to server";
    return { ...failed, timed_out: timeout.aborted, error_msg: reason };
  }
}
