import { createRoute, z } from "../../_shared/zod.ts";
import type { App } from "../../_shared/app.ts";
import { keepAlive } from "../../_shared/background.ts";
import { problemBody, problems } from "../../_shared/problem.ts";
import { rateLimited } from "../../_shared/rate_limit.ts";
import { guarded, IdParam, permitted } from "../../_shared/route.ts";
import { acceptSocket } from "../../_shared/socket.ts";
import { readProgress } from "./progress.ts";
import { type News, watch } from "./watch.ts";

const route = createRoute({
  method: "get",
  path: "/{id}/ws",
  operationId: "openCampaignSocket",
  tags: ["campaigns"],
  summary: "Watch a campaign: WebSocket",
  description: "The same as the stream, as JSON messages `{ event, id?, data? }` with the events " +
    "progress, heartbeat, end and refused. Closes with 1000 after `end`, with 4401, 4403 or 4404 " +
    "after `refused`, and with 4000 when the client should connect again. Before that, errors " +
    "are problems as everywhere.",
  ...permitted("campaigns:read", rateLimited("live")),
  request: {
    params: IdParam,
    headers: z.object({
      "sec-websocket-protocol": z.string().optional().openapi({
        description: "Browsers, which can send no headers, offer `signalbox`, `bearer.<access " +
          "token>` and, where needed, `organization.<id>`",
        example: "signalbox, bearer.eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
      }),
    }),
  },
  responses: {
    101: { description: "The socket is open" },
    ...guarded,
    ...problems(404, 422, 426, 429),
  },
});

/** When the client should connect again; 4000–4999 are ours to choose. */
const RENEW = 4_000;

export function openCampaignSocket(app: App) {
  app.openapi(route, async (c) => {
    const { db, requestId } = c.var;
    const campaign = {
      organization_id: c.var.actor.organizationId,
      campaign_id: c.req.valid("param").id,
    };
    const read = () => readProgress(db, campaign);
    // Read before the socket is accepted, so that a refusal is still a problem.
    const first = await read();
    const socket = acceptSocket(c);
    const gone = new AbortController();
    socket.onclose = () => gone.abort();
    socket.onerror = () => gone.abort();
    socket.onopen = () =>
      keepAlive(speak(socket, watch(first, { read, signal: gone.signal }), requestId));
    return new Response(null, { status: 204 });
  });
}

async function speak(
  socket: WebSocket,
  news: AsyncGenerator<News, void>,
  requestId: string,
): Promise<void> {
  for await (const item of news) {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (item.event === "renew") return socket.close(RENEW, "connect again");
    socket.send(JSON.stringify(messageOf(item, requestId)));
    if (item.event === "end") socket.close(1_000, item.status);
    if (item.event === "refused") socket.close(4_000 + item.problem.status, item.problem.code);
  }
}

function messageOf(news: Exclude<News, { event: "renew" }>, requestId: string) {
  const { event } = news;
  switch (event) {
    case "progress":
      return { event, id: news.progress.version, data: news.progress };
    case "end":
      return { event, data: { status: news.status } };
    case "refused":
      return { event, data: problemBody(news.problem, requestId) };
    case "heartbeat":
      return { event };
  }
}
