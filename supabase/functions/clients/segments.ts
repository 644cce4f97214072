import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";
import { line } from "./input.ts";

const Key = z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, "is not a key such as small_business");

const Segments = z.object({
  data: z.array(z.object({
    key: z.string().openapi({ example: "enterprise" }),
    label: z.string().openapi({ example: "Enterprises" }),
    clients: z.int().openapi({ description: "Clients that are in it now" }),
  })),
}).openapi("ClientSegments");

const Replacement = z.object({
  segments: z.array(z.object({
    key: Key,
    label: line(100).pipe(z.string().min(1)).openapi({ type: "string" }),
  })).min(1).max(50),
  move: z.record(z.string(), Key).default({}).openapi({
    description: "For each removed segment that has clients, the segment that takes them",
    example: { individual: "small_business" },
  }),
}).openapi("ClientSegmentsInput");

const read = createRoute({
  method: "get",
  path: "/segments",
  operationId: "listClientSegments",
  tags: ["clients"],
  summary: "The organization's segments, in order",
  ...permitted("clients:read"),
  responses: { 200: json(Segments, "All segments"), ...guarded },
});

const replace = createRoute({
  method: "put",
  path: "/segments",
  operationId: "replaceClientSegments",
  tags: ["clients"],
  summary: "Replace the segments",
  description:
    "409 `segment_in_use` names removed segments that still have clients and no target in `move`. " +
    "Movements keep the segment of their day.",
  ...permitted("churn:configure"),
  request: { body: jsonBody(Replacement) },
  responses: { 200: json(Segments, "All segments"), ...guarded, ...problems(400, 409, 422) },
});

export function clientSegments(app: App) {
  app.openapi(read, async (c) => {
    const organization_id = c.var.actor.organizationId;
    const data = unwrap(await c.var.db.rpc("client_segments", { organization_id }), "segment");
    return c.json(Segments.parse({ data }), 200);
  });
  app.openapi(replace, async (c) => {
    const { segments, move } = c.req.valid("json");
    const answer = await c.var.db.rpc("client_segments", {
      organization_id: c.var.actor.organizationId,
      segments,
      moves: move,
    });
    return c.json(Segments.parse({ data: unwrap(answer, "segment") }), 200);
  });
}
