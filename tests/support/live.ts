import type { Session } from "./people.ts";
import { listening } from "./realtime.ts";
import { functionUrl } from "./stack.ts";
import { until } from "./wait.ts";

/** A campaign's live counters, as far as tests look at them. */
export interface ProgressBody {
  campaign_id: string;
  version: number;
  changed_at: string;
  status: string;
  status_reason: string | null;
  targets: { total: number; pending: number; sent: number; excluded: number; canceled: number };
  excluded: Record<string, number>;
  messages: Record<string, number>;
  segments: number;
  cost: string;
}

/** What one way of watching a campaign has brought. */
export interface Watcher {
  /** All progress, over all connections, in order. */
  progress: ProgressBody[];
  /** Other events of streams and sockets: end, refused. */
  events: { event: string; data: Record<string, unknown> }[];
  /** How streams and sockets ended: a close code, "end" for a stream. */
  endings: (number | string)[];
  /** Loses the connection and makes another; settles when that has its present state, which it gives. */
  reconnect(): Promise<ProgressBody>;
  close(): void;
}

/** A connection that calls back, and how to cut it. */
type Connect = (watcher: Watcher) => Promise<() => void>;

async function watcherOf(connect: Connect): Promise<Watcher> {
  let cut = () => {};
  const watcher: Watcher = {
    progress: [],
    events: [],
    endings: [],
    async reconnect() {
      cut();
      const known = watcher.progress.length;
      cut = await connect(watcher);
      return await until(() => watcher.progress[known], { what: "the present state" });
    },
    close: () => cut(),
  };
  cut = await connect(watcher);
  return watcher;
}

/** Watches by server-sent events. */
export function watchStream(session: Session, campaign: string): Promise<Watcher> {
  return watcherOf(async (watcher) => {
    const cut = new AbortController();
    const response = await fetch(functionUrl(`/campaigns/${campaign}/live`), {
      headers: {
        authorization: `Bearer ${session.accessToken}`,
        accept: "text/event-stream",
        "last-event-id": "999999",
      },
      signal: cut.signal,
    });
    if (response.headers.get("content-type") !== "text/event-stream; charset=utf-8") {
      throw new Error(`No stream but ${response.status}: ${await response.text()}`);
    }
    readEvents(response, watcher).catch(() => {});
    return () => cut.abort();
  });
}

async function readEvents(response: Response, watcher: Watcher): Promise<void> {
  let text = "";
  const chunks = response.body?.pipeThrough(new TextDecoderStream()) ?? [];
  for await (const chunk of chunks) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = new Map(
        block.split("\n").map((line) => [line.split(":", 1)[0] ?? "", line.replace(/^\w*: ?/, "")]),
      );
      const event = fields.get("event");
      const data = JSON.parse(fields.get("data") ?? "{}");
      if (event === "progress") {
        if (fields.get("id") !== String(data.version)) throw new Error(`Another id: ${block}`);
        watcher.progress.push(data);
      } else if (event) watcher.events.push({ event, data });
    }
  }
  watcher.endings.push("end");
}

const socketUrl = (campaign: string) =>
  functionUrl(`/campaigns/${campaign}/ws`).replace("http", "ws");

/** Watches by WebSocket, as browsers do: without headers, the token among the subprotocols. */
export function watchSocket(
  session: Session,
  campaign: string,
  ...further: string[]
): Promise<Watcher> {
  return watchWith(() =>
    new WebSocket(socketUrl(campaign), [
      "signalbox",
      `bearer.${session.accessToken}`,
      ...further,
    ])
  );
}

/** Watches by WebSocket with the token in its header, as servers can. */
export function watchSocketByHeader(session: Session, campaign: string): Promise<Watcher> {
  const headers = { authorization: `Bearer ${session.accessToken}` };
  return watchWith(() => Reflect.construct(WebSocket, [socketUrl(campaign), { headers }]));
}

function watchWith(open: () => WebSocket): Promise<Watcher> {
  return watcherOf(async (watcher) => {
    const socket = open();
    let cut = false;
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (cut || message.event === "heartbeat") return;
      if (message.event === "progress") {
        if (message.id !== message.data.version) throw new Error(`Another id: ${data}`);
        watcher.progress.push(message.data);
      } else watcher.events.push(message);
    };
    socket.onclose = ({ code }) => void (cut || watcher.endings.push(code));
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error("The socket was refused."));
    });
    return () => {
      cut = true;
      socket.close();
    };
  });
}

/** Watches by supabase-js: the channel, and the present state once it has joined. */
export function watchChannel(session: Session, campaign: string): Promise<Watcher> {
  return watcherOf(async (watcher) => {
    const over = Promise.withResolvers<void>();
    const joined = Promise.withResolvers<void>();
    const add = (state: ProgressBody) => {
      // What was broadcast while the present state was read may come before it.
      const last = watcher.progress.at(-1);
      if (!last || state.version >= last.version) watcher.progress.push(state);
    };
    listening(session, `campaign:${campaign}`, async (channel) => {
      if (!channel.joined) throw new Error("The channel was refused.");
      const { data, error } = await session.client.rpc("campaign_progress", {
        organization_id: session.organizationId,
        campaign_id: campaign,
      });
      if (error) throw error;
      add(data as unknown as ProgressBody);
      channel.hear((_event, { id: _, ...payload }) => add(payload as unknown as ProgressBody));
      joined.resolve();
      await over.promise;
    }).catch(joined.reject);
    await joined.promise;
    return over.resolve;
  });
}
