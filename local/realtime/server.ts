import type postgres from "postgres";
import { claimsOf } from "../caller.ts";
import { messageOf, warn } from "../log.ts";
import { type Connection, Hub } from "./channels.ts";
import { decode } from "./frames.ts";
import { handleHttp } from "./http.ts";
import { handleMessage, leave } from "./session.ts";

/** Broadcast and presence. Changes of tables reach clients as broadcasts from triggers only. */
export interface Realtime {
  handle(request: Request): Promise<Response>;
  stop(): Promise<void>;
}

/** Serves `/realtime/v1` and relays what is inserted into `realtime.messages`. */
export async function createRealtime(sql: postgres.Sql): Promise<Realtime> {
  const hub = new Hub();
  let relayed = Promise.resolve();
  // One after the other, so that messages arrive in the order of their commits.
  const { unlisten } = await sql.listen("realtime_messages", (notice) => {
    relayed = relayed.then(() => relay(sql, hub, notice)).catch((error) =>
      warn(`realtime: ${messageOf(error)}`)
    );
  });
  return {
    async handle(request) {
      const { pathname } = new URL(request.url);
      if (pathname !== "/realtime/v1/websocket") return await handleHttp(sql, hub, request);
      return await connect(sql, hub, request);
    },
    async stop() {
      for (const { socket } of hub.connections) socket.close();
      await unlisten();
    },
  };
}

/** Reads the row again: a notification is too small for its payload. */
async function relay(sql: postgres.Sql, hub: Hub, notice: string): Promise<void> {
  const [id = "", ...time] = notice.split(" ");
  // As text, because the driver would take a timestamp through a Date and its time zone.
  const [message] = await sql`
    select id, topic, event, payload, binary_payload, private from realtime.messages
    where id = ${id} and inserted_at = ${
    time.join(" ")
  }::text::timestamp and extension = 'broadcast'`;
  if (!message) return;
  const { topic, event, payload, binary_payload: bytes, private: isPrivate } = message;
  hub.broadcast({ topic, event, payload, bytes, private: isPrivate, meta: { id: message.id } });
}

async function connect(sql: postgres.Sql, hub: Hub, request: Request): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const credential = searchParams.get("apikey") ?? request.headers.get("x-api-key") ?? "";
  const known = await claimsOf(credential).then(() => true, () => false);
  if (!known) return Response.json({ error: "The API key is missing or unknown" }, { status: 401 });
  if (!searchParams.get("vsn")?.startsWith("2.")) {
    return Response.json({ error: "Only version 2 of the protocol is spoken here" }, {
      status: 400,
    });
  }
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return Response.json({ error: "A WebSocket is expected here" }, { status: 426 });
  }
  const headers = Object.fromEntries(
    [...request.headers].filter(([name]) => name.startsWith("x-")),
  );
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.binaryType = "arraybuffer";
  serve(sql, hub, { socket, credential, headers, channels: new Map() });
  return response;
}

function serve(sql: postgres.Sql, hub: Hub, connection: Connection): void {
  const { socket, channels } = connection;
  let handled = Promise.resolve();
  hub.connections.add(connection);
  socket.onmessage = ({ data }) => {
    handled = handled.then(async () => {
      const message = decode(data);
      if (message) await handleMessage({ sql, hub, connection }, message);
    }).catch((error) => warn(`realtime: ${messageOf(error)}`));
  };
  socket.onclose = () => {
    hub.connections.delete(connection);
    for (const channel of [...channels.values()]) leave({ hub, connection }, channel);
  };
}
