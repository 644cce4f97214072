import { createRoute, z } from "../../_shared/zod.ts";
import type { App } from "../../_shared/app.ts";
import { keepAlive } from "../../_shared/background.ts";
import { problemBody, problems } from "../../_shared/problem.ts";
import { rateLimited } from "../../_shared/rate_limit.ts";
import { guarded, IdParam, permitted } from "../../_shared/route.ts";
import { Progress, readProgress } from "./progress.ts";
import { type News, watch } from "./watch.ts";

const route = createRoute({
  method: "get",
  path: "/{id}/live",
  operationId: "streamCampaign",
  tags: ["campaigns"],
  summary: "Watch a campaign: server-sent events",
  description: "The present state first, then each change, at most one a second. Events: " +
    "`progress` (a CampaignProgress; its id is the version), `end` when the campaign is " +
    "completed or canceled and its messages have an outcome (or nothing has changed for 30 " +
    "seconds), `refused` (a Problem) when the caller may no longer watch. After " +
    "`end` and `refused` do not connect again; after 140 seconds the stream ends without them.",
  ...permitted("campaigns:read", rateLimited("live")),
  request: {
    params: IdParam,
    headers: z.object({
      "last-event-id": z.string().optional().openapi({
        description: "Of no effect: the present state always comes first",
      }),
    }),
  },
  responses: {
    200: {
      description: "The stream",
      content: {
        "text/event-stream": {
          schema: z.string().openapi({
            example: 'id: 12\nevent: progress\ndata: {"version":12,"status":"running"}\n\n',
          }),
        },
      },
    },
    ...guarded,
    ...problems(404, 422, 429),
  },
});

/** Milliseconds after which a client connects again. */
const retry = 2_000;

export function streamCampaign(app: App) {
  // No response has it as JSON, but events and messages do.
  app.openAPIRegistry.register("CampaignProgress", Progress);
  app.openapi(route, async (c) => {
    const { db, requestId } = c.var;
    const campaign = {
      organization_id: c.var.actor.organizationId,
      campaign_id: c.req.valid("param").id,
    };
    const read = () => readProgress(db, campaign);
    // Read before the answer begins, so that a refusal is still a problem.
    const first = await read();
    const gone = new AbortController();
    const news = watch(first, { read, signal: gone.signal });
    return new Response(streamOf(news, gone, requestId), {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store, no-transform",
        // Proxies must pass each event on as it comes.
        "x-accel-buffering": "no",
      },
    });
  });
}

function streamOf(news: AsyncGenerator<News, void>, gone: AbortController, requestId: string) {
  const encoder = new TextEncoder();
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  keepAlive(closed);
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(`retry: ${retry}\n\n`));
    },
    async pull(controller) {
      const { value, done } = await news.next();
      if (value) controller.enqueue(encoder.encode(textOf(value, requestId)));
      if (!done) return;
      controller.close();
      close();
    },
    cancel() {
      gone.abort();
      close();
    },
  });
}

function textOf(news: News, requestId: string): string {
  switch (news.event) {
    case "progress":
      return eventOf("progress", news.progress, news.progress.version);
    case "end":
      return eventOf("end", { status: news.status });
    case "refused":
      return eventOf("refused", problemBody(news.problem, requestId));
    case "heartbeat":
    case "renew":
      return `: ${news.event}\n\n`;
  }
}

const eventOf = (event: string, data: unknown, id?: number) =>
  `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
