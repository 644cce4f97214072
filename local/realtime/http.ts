import type postgres from "postgres";
import { type Claims, claimsOf, credentialOf } from "../caller.ts";
import { mayWrite } from "./authorize.ts";
import type { Broadcast, Hub } from "./channels.ts";

/** Broadcasts that come over HTTP: several in one request, or one whose address names topic and event. */
export async function handleHttp(
  sql: postgres.Sql,
  hub: Hub,
  request: Request,
): Promise<Response> {
  const url = new URL(request.url);
  const [topic, event] = /^\/realtime\/v1\/api\/broadcast\/([^/]+)\/events\/([^/]+)$/
    .exec(url.pathname)?.slice(1).map(decodeURIComponent) ?? [];
  const several = url.pathname === "/realtime/v1/api/broadcast";
  if (request.method !== "POST" || (!several && (!topic || !event))) {
    return Response.json({ message: "Not found" }, { status: 404 });
  }
  const claims = await claimsOf(credentialOf(request)).catch(() => null);
  if (!claims) return Response.json({ message: "Unauthorized" }, { status: 401 });
  if (topic && event) {
    const isPrivate = url.searchParams.get("private") === "true";
    const message = { topic, event, private: isPrivate, ...await contentOf(request) };
    const sent = await send({ sql, hub, claims }, message);
    return sent
      ? new Response(null, { status: 202 })
      : Response.json({ error: "Unauthorized" }, { status: 403 });
  }
  const { messages = [] }: { messages?: Partial<Broadcast>[] } = await request.json();
  for (const { topic, event, payload, private: isPrivate = false } of messages) {
    if (topic && event) {
      await send({ sql, hub, claims }, { topic, event, payload, private: isPrivate });
    }
  }
  return new Response(null, { status: 202 });
}

async function contentOf(request: Request): Promise<Pick<Broadcast, "payload" | "bytes">> {
  return request.headers.get("content-type")?.includes("octet-stream")
    ? { bytes: new Uint8Array(await request.arrayBuffer()) }
    : { payload: await request.json() };
}

async function send(
  { sql, hub, claims }: { sql: postgres.Sql; hub: Hub; claims: Claims },
  message: Broadcast,
): Promise<boolean> {
  const access = { claims, topic: message.topic, headers: {} };
  if (message.private && !await mayWrite(sql, access)) return false;
  hub.broadcast(message);
  return true;
}
