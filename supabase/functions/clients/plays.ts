import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, isoTime, Money, Timestamp } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { line } from "./input.ts";

const Channel = z.enum(["call", "task", "note", "text", "offer"]);
const Band = z.enum(["low", "moderate", "high", "critical"]);
const Theme = z.enum(["contact", "issues", "payment", "contract", "estimate", "segment"]);
const Amount = z.number().min(0).max(1e11);

const Play = z.object({
  id: Id,
  key: z.string().openapi({ example: "call_quiet_client" }),
  title: z.string(),
  details: z.string(),
  channel: Channel,
  bands: z.array(Band).nullable().openapi({
    description:
      "null, as the fields below up to `every_days`: only for those who may configure churn",
  }),
  themes: z.array(Theme).nullable().openapi({
    description: "One of these raises the client's risk most; empty: any",
  }),
  segments: z.array(z.string()).nullable().openapi({
    description: "Keys of segments; empty: all",
  }),
  contract_ends_within: z.int().nullable().openapi({ description: "Days" }),
  min_mrr: Money.nullable(),
  cost: Money.nullable().openapi({
    description: "Taken off what it is worth when recommendations are ranked",
  }),
  every_days: z.int().nullable().openapi({
    description: "At most once for a client within so many days",
  }),
  enabled: z.boolean(),
  created_at: Timestamp,
  updated_at: Timestamp,
}).openapi("Play");

const Input = z.object({
  title: line(200).pipe(z.string().min(1)).openapi({ type: "string" }),
  details: z.string().trim().max(2_000).default(""),
  channel: Channel,
  bands: z.array(Band).min(1).max(4),
  themes: z.array(Theme).max(6).default([]),
  segments: z.array(z.string().max(50)).max(100).default([]),
  contract_ends_within: z.int().min(0).max(730).nullable().default(null),
  min_mrr: Amount.nullable().default(null),
  cost: Amount.default(0),
  every_days: z.int().min(1).max(730).default(90),
  enabled: z.boolean().default(true),
}).openapi("PlayInput");

const List = z.object({ data: z.array(Play) }).openapi("PlayList");

const list = createRoute({
  method: "get",
  path: "/plays",
  operationId: "listPlays",
  tags: ["clients"],
  summary: "What is done for clients that may leave",
  description:
    "For whom a play is, and how often, is shown to those with `churn:configure` only: else a client that it fits and " +
    "that has no recommendation would be known to be held out.",
  ...permitted("clients:read"),
  responses: { 200: json(List, "All plays"), ...guarded },
});

const replace = createRoute({
  method: "put",
  path: "/plays/{id}",
  operationId: "replacePlay",
  tags: ["clients"],
  summary: "Change a play",
  description: "Fields that are left out get their defaults. The key stays.",
  ...permitted("churn:configure"),
  request: { params: IdParam, body: jsonBody(Input) },
  responses: { 200: json(Play, "The play"), ...guarded, ...problems(400, 404, 422) },
});

function toPlay(row: z.infer<typeof Play>): z.infer<typeof Play> {
  return { ...row, created_at: isoTime(row.created_at), updated_at: isoTime(row.updated_at) };
}

export function plays(app: App) {
  app.openapi(list, async (c) => {
    const organization_id = c.var.actor.organizationId;
    const rows = z.array(Play).parse(
      unwrap(await c.var.db.rpc("list_plays", { organization_id }), "plays"),
    );
    return c.json({ data: rows.map(toPlay) }, 200);
  });
  app.openapi(replace, async (c) => {
    const answer = await c.var.db.rpc("update_play", {
      organization_id: c.var.actor.organizationId,
      play_id: c.req.valid("param").id,
      play: c.req.valid("json"),
    });
    return c.json(toPlay(Play.parse(unwrap(answer, "play"))), 200);
  });
}
