import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";
import { ensure, fromPostgres, problems, unwrap } from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";
import { Rule, toRule } from "./schemas.ts";

const list = createRoute({
  method: "get",
  path: "/rules",
  operationId: "listReplyRules",
  tags: ["suppressions"],
  summary: "How replies are classified: the system's rules and the organization's own",
  ...permitted("suppressions:read"),
  request: {
    query: PageQuery.extend({
      kind: Rule.shape.kind.optional(),
      meaning: Rule.shape.meaning.optional(),
      own: z.enum(["true", "false"]).optional(),
    }),
  },
  responses: {
    200: json(pageOf(Rule).openapi("ReplyRulePage"), "A page of rules"),
    ...guarded,
    ...problems(422),
  },
});

const Day = z.iso.date().openapi({ example: "2026-11-21" });
const Input = z.object({
  kind: Rule.shape.kind.openapi({ example: "keyword" }),
  meaning: Rule.shape.meaning.openapi({ example: "stop" }),
  language: z.string().regex(/^[a-z]{2,3}$/, "is not a language code such as en").default("en"),
  pattern: z.string().min(1).max(1000).refine(isPlain, plainMessage).openapi({
    description: "A keyword is the whole reply; a phrase is a regular expression found in it",
    example: "gyae",
  }),
  source: z.string().trim().min(1).max(500).refine(isPlain, plainMessage).optional(),
  effective_from: Day.optional(),
  effective_to: Day.optional(),
}).openapi("ReplyRuleInput");

const create = createRoute({
  method: "post",
  path: "/rules",
  operationId: "createReplyRule",
  tags: ["suppressions"],
  summary: "Add a keyword or a phrase of the organization's own",
  ...permitted("suppressions:write"),
  request: { headers: IdempotencyHeader, body: jsonBody(Input) },
  responses: { 201: json(Rule, "The new rule"), ...guarded, ...problems(400, 409, 422) },
});

const remove = createRoute({
  method: "delete",
  path: "/rules/{id}",
  operationId: "deleteReplyRule",
  tags: ["suppressions"],
  summary: "Remove a rule of the organization's own",
  ...permitted("suppressions:write"),
  request: { params: IdParam },
  responses: { 204: { description: "Removed" }, ...guarded, ...problems(404, 422) },
});

const Classified = z.object({
  meaning: z.enum(["stop", "start", "help", "doubtful"]).nullable(),
  recognized_by: z.string().nullable(),
  rule_id: Id.nullable(),
}).openapi("ClassifiedReply");

const attempt = createRoute({
  method: "post",
  path: "/rules/try",
  operationId: "tryReply",
  tags: ["suppressions"],
  summary: "How a reply would be classified; nothing is recorded",
  ...permitted("suppressions:read"),
  request: {
    body: jsonBody(
      z.object({ body: z.string().min(1).max(2000).openapi({ example: "please stop" }) }),
    ),
  },
  responses: { 200: json(Classified, "What it means"), ...guarded, ...problems(400, 422) },
});

/** /suppressions/rules. */
export function ruleRoutes(app: App) {
  app.openapi(list, async (c) => {
    const { limit, offset, kind, meaning, own } = c.req.valid("query");
    const { organizationId } = c.var.actor;
    // Row level security also shows the rules of the caller's other organizations.
    let query = c.var.db.from("reply_rules").select("*", { count: "exact" })
      .or(`organization_id.is.null,organization_id.eq.${organizationId}`);
    if (own === "true") query = query.eq("organization_id", organizationId);
    if (own === "false") query = query.is("organization_id", null);
    if (kind) query = query.eq("kind", kind);
    if (meaning) query = query.eq("meaning", meaning);
    const { data, count, error } = await query.order("id", { ascending: false })
      .range(offset, offset + limit - 1);
    // PostgREST reports a page beyond the last row as an error.
    if (error && error.code !== "PGRST103") throw fromPostgres(error);
    return c.json({ data: (data ?? []).map(toRule), total: count ?? 0, limit, offset }, 200);
  });
  app.openapi(create, async (c) => {
    const answer = await c.var.db.rpc("create_reply_rule", {
      organization_id: c.var.actor.organizationId,
      rule: c.req.valid("json"),
    });
    return c.json(toRule(unwrap(answer, "rule")), 201);
  });
  app.openapi(attempt, async (c) => {
    const answer = await c.var.db.rpc("try_reply", {
      organization_id: c.var.actor.organizationId,
      body: c.req.valid("json").body,
    });
    if (answer.error) throw fromPostgres(answer.error);
    const nothing = { meaning: null, recognized_by: null, rule_id: null };
    return c.json(answer.data === null ? nothing : Classified.parse(answer.data), 200);
  });
  app.openapi(remove, async (c) => {
    ensure(
      await c.var.db.rpc("delete_reply_rule", {
        organization_id: c.var.actor.organizationId,
        rule_id: c.req.valid("param").id,
      }),
    );
    return c.body(null, 204);
  });
}
