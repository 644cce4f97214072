/** A message of the Phoenix protocol, version 2. */
export interface Message {
  joinRef: string | null;
  ref: string | null;
  topic: string;
  event: string;
  payload: Payload;
  /** The payload of a broadcast that is no JSON. */
  bytes?: Uint8Array<ArrayBuffer>;
}

/** What a message carries; each event reads its own fields. */
export type Payload = { [key: string]: unknown };

const PUSH = 3;
const BROADCAST = 4;
const BINARY = 0;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

const isPayload = (value: unknown): value is Payload => typeof value === "object" && value !== null;

/** An object within a payload; empty where there is none. */
export function objectIn(payload: Payload, key: string): Payload {
  const value = payload[key];
  return isPayload(value) ? value : {};
}

/** Reads a text frame, or the binary frame that clients push broadcasts in. Null for anything else. */
export function decode(data: string | ArrayBuffer): Message | null {
  if (typeof data !== "string") return decodePush(new Uint8Array(data));
  const [joinRef, ref, topic, event, payload]: unknown[] = JSON.parse(data);
  if (typeof topic !== "string" || typeof event !== "string") return null;
  return {
    joinRef: typeof joinRef === "string" ? joinRef : null,
    ref: typeof ref === "string" ? ref : null,
    topic,
    event,
    payload: isPayload(payload) ? payload : {},
  };
}

/** Seven size bytes, the strings they measure, then the payload: JSON or bytes. */
function decodePush(bytes: Uint8Array<ArrayBuffer>): Message | null {
  const [kind, joinSize = 0, refSize = 0, topicSize = 0, eventSize = 0, metaSize = 0, encoding] =
    bytes;
  if (kind !== PUSH) return null;
  let at = 7;
  const cut = (size: number) => decoder.decode(bytes.subarray(at, at += size));
  const joinRef = cut(joinSize) || null;
  const ref = cut(refSize) || null;
  const topic = cut(topicSize);
  const name = cut(eventSize);
  at += metaSize;
  const rest = bytes.slice(at);
  const message = { joinRef, ref, topic, event: "broadcast" };
  if (encoding === BINARY) return { ...message, payload: { event: name }, bytes: rest };
  return { ...message, payload: { event: name, payload: JSON.parse(decoder.decode(rest)) } };
}

/** A text frame. */
export function encode({ joinRef, ref, topic, event, payload }: Message): string {
  return JSON.stringify([joinRef, ref, topic, event, payload]);
}

/** A binary frame with a broadcast whose payload is no JSON. */
export function encodeBroadcast(
  topic: string,
  event: string,
  { meta, bytes }: { meta: string; bytes: Uint8Array },
): Uint8Array<ArrayBuffer> {
  const strings = [topic, event, meta].map((text) => encoder.encode(text));
  const sizes = strings.map((string) => string.length);
  const parts = [new Uint8Array([BROADCAST, ...sizes, BINARY]), ...strings, bytes];
  const frame = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}
