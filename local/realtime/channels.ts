import type { Claims } from "../caller.ts";
import { encode, encodeBroadcast, type Payload } from "./frames.ts";

/** What a socket joined. */
export interface Channel {
  /** The topic with its `realtime:` in front, as on the wire. */
  topic: string;
  joinRef: string | null;
  private: boolean;
  /** Null until the first write asks the policies. */
  mayWrite: boolean | null;
  claims: Claims;
  /** Whether it hears its own broadcasts. */
  self: boolean;
  acknowledges: boolean;
  presenceKey: string;
}

/** One client. */
export interface Connection {
  socket: WebSocket;
  channels: Map<string, Channel>;
  credential: string;
  headers: Record<string, string>;
}

/** A broadcast on its way to those who joined. */
export interface Broadcast {
  /** Without `realtime:`. */
  topic: string;
  private: boolean;
  event: string;
  payload?: unknown;
  bytes?: Uint8Array | null;
  meta?: { id: string };
}

export const PREFIX = "realtime:";

type Presences = Record<string, { metas: Payload[] }>;

/** Everyone who is connected, and who is present where. */
export class Hub {
  readonly connections = new Set<Connection>();
  readonly #present = new Map<string, Map<string, Payload>>();

  push({ socket }: Connection, frame: string | Uint8Array<ArrayBuffer>): void {
    if (socket.readyState === WebSocket.OPEN) socket.send(frame);
  }

  /** Sends to all who joined the topic as public, or as private, and are allowed to. */
  broadcast(message: Broadcast, from?: Connection): void {
    const topic = PREFIX + message.topic;
    const frame = frameOf(topic, message);
    for (const connection of this.connections) {
      const channel = connection.channels.get(topic);
      if (channel?.private !== message.private) continue;
      if (connection === from && !channel.self) continue;
      this.push(connection, frame);
    }
  }

  presences(topic: string): Presences {
    return Object.fromEntries(
      [...this.#present.get(topic) ?? []].map(([key, meta]) => [key, { metas: [meta] }]),
    );
  }

  track({ topic, presenceKey }: Channel, payload: Payload): void {
    const present = this.#present.get(topic) ?? new Map<string, Payload>();
    this.#present.set(topic, present);
    const meta = { phx_ref: crypto.randomUUID().slice(0, 8), ...payload };
    present.set(presenceKey, meta);
    this.#tell(topic, { joins: { [presenceKey]: { metas: [meta] } }, leaves: {} });
  }

  untrack({ topic, presenceKey }: Channel): void {
    const present = this.#present.get(topic);
    const meta = present?.get(presenceKey);
    if (!present?.delete(presenceKey) || !meta) return;
    if (present.size === 0) this.#present.delete(topic);
    this.#tell(topic, { joins: {}, leaves: { [presenceKey]: { metas: [meta] } } });
  }

  #tell(topic: string, difference: { joins: Presences; leaves: Presences }): void {
    const event = "presence_diff";
    const frame = encode({ joinRef: null, ref: null, topic, event, payload: difference });
    for (const connection of this.connections) {
      if (connection.channels.has(topic)) this.push(connection, frame);
    }
  }
}

function frameOf(topic: string, { event, payload, bytes, meta }: Broadcast) {
  if (bytes) {
    return encodeBroadcast(topic, event, { meta: meta ? JSON.stringify(meta) : "", bytes });
  }
  const body = { type: "broadcast", event, payload, ...(meta && { meta }) };
  return encode({ joinRef: null, ref: null, topic, event: "broadcast", payload: body });
}
