import { errors } from "jose";
import type postgres from "postgres";
import { claimsOf } from "../caller.ts";
import { mayRead, mayWrite } from "./authorize.ts";
import { type Channel, type Connection, type Hub, PREFIX } from "./channels.ts";
import { encode, type Message, objectIn, type Payload } from "./frames.ts";

/** What a client's messages act on. */
export interface Session {
  sql: postgres.Sql;
  hub: Hub;
  connection: Connection;
}

type Reply = Pick<Message, "joinRef" | "ref" | "topic">;

const nameOf = (topic: string) => topic.slice(PREFIX.length);

function reply(
  { hub, connection }: Session,
  to: Reply,
  status: string,
  response: Payload = {},
): void {
  hub.push(connection, encode({ ...to, event: "phx_reply", payload: { status, response } }));
}

/** Handles one message of a client. Messages of one client are handled one after the other. */
export async function handleMessage(session: Session, message: Message): Promise<void> {
  const { topic, event, payload } = message;
  if (topic === "phoenix") return reply(session, message, "ok");
  if (event === "phx_join") return await join(session, message);
  const channel = session.connection.channels.get(topic);
  if (!channel) return reply(session, message, "error", { reason: "unmatched topic" });
  if (event === "phx_leave") {
    leave(session, channel);
    reply(session, message, "ok");
    close(session, channel);
  } else if (event === "access_token") await renew(session, channel, payload.access_token);
  else if (event === "broadcast") await broadcast(session, channel, message);
  else if (event === "presence") {
    if (payload.event === "track") session.hub.track(channel, objectIn(payload, "payload"));
    else session.hub.untrack(channel);
    reply(session, message, "ok");
  }
}

/** Forgets what a client joined, when it leaves or hangs up. */
export function leave({ hub, connection }: Omit<Session, "sql">, channel: Channel): void {
  hub.untrack(channel);
  connection.channels.delete(channel.topic);
}

function close({ hub, connection }: Session, { topic, joinRef }: Channel): void {
  hub.push(connection, encode({ joinRef, ref: null, topic, event: "phx_close", payload: {} }));
}

function tokenIn(value: unknown): string | null {
  return typeof value === "string" && value && !value.startsWith("sb_") ? value : null;
}

async function join(session: Session, message: Message): Promise<void> {
  const { sql, hub, connection } = session;
  const { topic, joinRef, payload } = message;
  const config = objectIn(payload, "config");
  const isPrivate = config.private === true;
  const credential = tokenIn(payload.access_token) ?? connection.credential;
  const claims = await claimsOf(credential).catch((error) => {
    const reason = error instanceof errors.JWTExpired
      ? "InvalidJWTToken: Token has expired"
      : "JwtSignatureError: Failed to validate JWT signature";
    reply(session, message, "error", { reason });
    return null;
  });
  if (!claims) return;
  const access = { claims, topic: nameOf(topic), headers: connection.headers };
  if (isPrivate && !await mayRead(sql, access)) {
    const reason =
      `Unauthorized: You do not have permissions to read from this Channel topic: ${access.topic}`;
    return reply(session, message, "error", { reason });
  }
  const presenceKey = objectIn(config, "presence").key;
  connection.channels.set(topic, {
    topic,
    joinRef,
    claims,
    private: isPrivate,
    mayWrite: isPrivate ? null : true,
    self: objectIn(config, "broadcast").self === true,
    acknowledges: objectIn(config, "broadcast").ack === true,
    presenceKey: typeof presenceKey === "string" && presenceKey ? presenceKey : crypto.randomUUID(),
  });
  reply(session, message, "ok", { postgres_changes: [] });
  const state = {
    joinRef,
    ref: null,
    topic,
    event: "presence_state",
    payload: hub.presences(topic),
  };
  hub.push(connection, encode(state));
}

async function broadcast(session: Session, channel: Channel, message: Message): Promise<void> {
  const { sql, hub, connection } = session;
  const topic = nameOf(channel.topic);
  const { event, payload } = message.payload;
  channel.mayWrite ??= await mayWrite(sql, {
    claims: channel.claims,
    topic,
    headers: connection.headers,
  });
  if (!channel.mayWrite || typeof event !== "string") return;
  const { bytes = null } = message;
  hub.broadcast({ topic, private: channel.private, event, payload, bytes }, connection);
  if (channel.acknowledges) reply(session, message, "ok");
}

/** A newer token: a subscription without the right to read ends. */
async function renew(session: Session, channel: Channel, value: unknown): Promise<void> {
  const token = tokenIn(value);
  if (!token) return;
  const topic = nameOf(channel.topic);
  try {
    channel.claims = await claimsOf(token);
    channel.mayWrite = channel.private ? null : true;
    const { headers } = session.connection;
    if (
      !channel.private || await mayRead(session.sql, { claims: channel.claims, topic, headers })
    ) return;
    expel(
      session,
      channel,
      `You no longer have permission to read from this Channel topic: ${topic}`,
    );
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    expel(session, channel, error.message);
  }
}

function expel(session: Session, channel: Channel, message: string): void {
  const { topic, joinRef } = channel;
  const payload = { channel: nameOf(topic), extension: "system", status: "error", message };
  session.hub.push(
    session.connection,
    encode({ joinRef, ref: null, topic, event: "system", payload }),
  );
  leave(session, channel);
  close(session, channel);
}
