import { Webhook } from "standardwebhooks";

/** A webhook that was received. */
export interface Received {
  /** Of the message: the same for every try. */
  id: string;
  type: string;
  body: string;
  signature: string;
  /** Null: the receiver does not know its secret. */
  verified: boolean | null;
  /** The HTTP status that was answered. */
  answered: number;
  received_at: string;
}

/** What a receiver can be told. */
export interface ReceiverSettings {
  /** The webhook's secret (`whsec_…`); an unsigned request is answered 401 from then on. Empty: no secret. */
  secret?: string;
  /** The HTTP status of each answer, such as 500 or 410. */
  answer?: number;
}

/** A receiver as it is shown, the newest request first. */
export interface ShownReceiver {
  name: string;
  url: string;
  has_secret: boolean;
  answer: number;
  received: Received[];
}

interface Receiver {
  secret: string;
  answer: number;
  received: Received[];
}

const KEPT = 200;
const MOST_RECEIVERS = 50;
const LONGEST_BODY = 1_000_000;

const refuse = (status: number, message: string) => Response.json({ message }, { status });

/**
 * Receivers of webhooks, as customers have them. A POST to `/receivers/<name>` is kept and answered, and makes the receiver
 * if there is none; GET shows what it got, PUT tells it its secret and answer, DELETE forgets it. GET `/receivers` shows all.
 * Null: another path.
 */
export function createReceivers(
  baseUrl: string,
): (request: Request) => Promise<Response | null> {
  const receivers = new Map<string, Receiver>();
  const show = ([name, { secret, answer, received }]: [string, Receiver]): ShownReceiver => ({
    name,
    url: `${baseUrl}/receivers/${name}`,
    has_secret: secret !== "",
    answer,
    received,
  });
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/receivers") return Response.json([...receivers].map(show));
    const name = /^\/receivers\/([a-z0-9-]{1,40})$/.exec(pathname)?.[1];
    if (name === undefined) return null;
    const known = receivers.get(name);
    if (request.method === "DELETE") return forget(receivers, name);
    if (!known && (request.method === "GET" || receivers.size >= MOST_RECEIVERS)) {
      return refuse(404, "There is no such receiver, or there are too many.");
    }
    const receiver = known ?? { secret: "", answer: 200, received: [] };
    if (request.method === "PUT") {
      const fault = change(receiver, await request.json().catch(() => null));
      if (fault) return refuse(422, fault);
    }
    receivers.set(name, receiver);
    if (request.method === "POST") return await receive(receiver, request);
    return Response.json(show([name, receiver]));
  };
}

function forget(receivers: Map<string, Receiver>, name: string): Response {
  receivers.delete(name);
  return new Response(null, { status: 204 });
}

/** Changes a receiver, or says what is wrong with the change. */
function change(receiver: Receiver, settings: ReceiverSettings | null): string | null {
  if (typeof settings !== "object" || settings === null) return "Send { secret?, answer? }.";
  const { secret = receiver.secret, answer = receiver.answer } = settings;
  if (!Number.isInteger(answer) || answer < 200 || answer > 599) {
    return "answer is a status from 200 to 599.";
  }
  try {
    if (secret !== "") new Webhook(secret);
  } catch {
    return "secret is what the webhook showed when it was made: whsec_…";
  }
  Object.assign(receiver, { secret, answer });
  return null;
}

async function receive(receiver: Receiver, request: Request): Promise<Response> {
  const body = (await request.text()).slice(0, LONGEST_BODY);
  const verified = receiver.secret === "" ? null : isSigned(receiver.secret, request, body);
  const answered = verified === false ? 401 : receiver.answer;
  receiver.received.unshift({
    id: request.headers.get("webhook-id") ?? "",
    type: typeOf(body),
    body,
    signature: request.headers.get("webhook-signature") ?? "",
    verified,
    answered,
    received_at: new Date().toISOString(),
  });
  receiver.received.splice(KEPT);
  const hasBody = ![204, 205, 304].includes(answered);
  return new Response(hasBody ? "received" : null, { status: answered });
}

function isSigned(secret: string, request: Request, body: string): boolean {
  try {
    new Webhook(secret).verify(body, Object.fromEntries(request.headers));
    return true;
  } catch {
    return false;
  }
}

function typeOf(body: string): string {
  try {
    return String(JSON.parse(body).type ?? "");
  } catch {
    return "";
  }
}
