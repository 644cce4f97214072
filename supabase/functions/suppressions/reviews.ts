import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { Review, Rows, toReview } from "./schemas.ts";

const list = createRoute({
  method: "get",
  path: "/reviews",
  operationId: "listReplyReviews",
  tags: ["suppressions"],
  summary: "Replies that may be an opt-out; while one is open, nothing is sent to its number",
  ...permitted("suppressions:read"),
  request: { query: PageQuery.extend({ status: Review.shape.status.optional() }) },
  responses: {
    200: json(pageOf(Review).openapi("ReplyReviewPage"), "A page of replies"),
    ...guarded,
    ...problems(422),
  },
});

const decide = createRoute({
  method: "post",
  path: "/reviews/{id}/decide",
  operationId: "decideReplyReview",
  tags: ["suppressions"],
  summary: "Decide whether a reply was an opt-out",
  description:
    "The same decision again changes nothing; another one answers 409 `already_decided`.",
  ...permitted("suppressions:write"),
  request: {
    params: IdParam,
    body: jsonBody(
      z.object({ decision: z.enum(["opt_out", "dismissed"]) }).openapi("ReplyDecision"),
    ),
  },
  responses: {
    200: json(Review, "The decided reply"),
    ...guarded,
    ...problems(400, 404, 409, 422),
  },
});

/** GET /suppressions/reviews and POST /suppressions/reviews/{id}/decide. */
export function reviewRoutes(app: App) {
  app.openapi(list, async (c) => {
    const { limit, offset, status } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_reply_reviews", {
      organization_id: c.var.actor.organizationId,
      ...(status && { status }),
      page_limit: limit,
      page_offset: offset,
    });
    const page = Rows.parse(unwrap(answer));
    return c.json({ data: page.rows.map(toReview), total: page.total, limit, offset }, 200);
  });
  app.openapi(decide, async (c) => {
    const answer = await c.var.db.rpc("decide_reply_review", {
      organization_id: c.var.actor.organizationId,
      review_id: c.req.valid("param").id,
      decision: c.req.valid("json").decision,
    });
    return c.json(toReview(unwrap(answer, "review")), 200);
  });
}
