import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";

const path = "/privacy/requests";
const tags = ["admin"];

const Subject = {
  phone: z.string().regex(/^\+[1-9][0-9]{6,14}$/, "is not in E.164").optional()
    .openapi({ example: "+233244123456" }),
  email: z.email().max(254).optional().openapi({ example: "ama@nileutility.com" }),
  customer_id: Id.optional(),
  lead_id: Id.optional(),
  client_id: Id.optional(),
};

const subjectNames = Object.keys(Subject);

const PrivacyRequestInput = z.strictObject({ kind: z.enum(["export", "erase"]), ...Subject })
  .refine(
    (input) => Object.keys(input).filter((key) => subjectNames.includes(key)).length === 1,
    { message: `names exactly one of ${subjectNames.join(", ")}`, path: ["subject"] },
  )
  .openapi("PrivacyRequestInput");

const PrivacyRequest = z.object({
  id: Id,
  kind: z.enum(["export", "erase"]),
  subject: z.record(z.string(), z.string()).openapi({
    description: "As asked; after an erasure the pseudonym",
    example: { phone: "+999012345678901" },
  }),
  status: z.enum(["queued", "running", "done", "failed"]),
  error: z.string().nullable().openapi({ description: "The SQLSTATE of the last failure" }),
  requested_by: Id.nullable(),
  created_at: Timestamp,
  finished_at: Timestamp.nullable(),
  expires_at: Timestamp.nullable().openapi({ description: "Until when an export can be had" }),
  matched: z.object({
    lead_ids: z.array(Id),
    customer_ids: z.array(Id),
    client_ids: z.array(Id),
    contact_ids: z.array(Id),
    phones: z.array(z.string()),
    unclear_phones: z.array(z.string()).openapi({
      description: "Numbers that these rows had before and that other records have, or to whom " +
        "texts were sent there: of these only what is linked to these rows is meant",
    }),
  }).openapi({
    description: "Who is meant: the rows with the subject's numbers and addresses, with the " +
      "numbers that these rows have had. After an erasure phones are pseudonyms, by which " +
      "GET /suppressions and GET /suppressions/consents list the evidence",
  }),
  records: z.record(z.string(), z.int()).openapi({
    description: "Rows exported or changed, by table",
    example: { "public.leads": 1, "public.messages": 12 },
  }),
  kept: z.array(
    z.object({ what: z.string(), columns: z.array(z.string()), why: z.string() }),
  ).openapi({ description: "What an erasure leaves, and why" }),
}).openapi("PrivacyRequest");

const own = "Only in the caller's own session: closed to API keys and impersonation.";

const create = createRoute({
  method: "post",
  path,
  operationId: "adminCreatePrivacyRequest",
  tags,
  summary: "Export or erase what is held on a person",
  description: "A job collects or erases it, usually within a minute. Leads, customers, clients " +
    "and contacts with the same number or address are the same person. An erasure cannot be " +
    "undone, and the number is never texted again. 409 `shared_address`: more than 50 records " +
    `would be meant; \`too_many_privacy_requests\`: 100 are open. At most 200 a day of an organization. ${own}`,
  ...permitted("privacy:manage"),
  request: { body: jsonBody(PrivacyRequestInput) },
  responses: {
    202: json(PrivacyRequest, "Queued"),
    ...guarded,
    ...problems(400, 404, 409, 422, 429),
  },
});

const list = createRoute({
  method: "get",
  path,
  operationId: "adminListPrivacyRequests",
  tags,
  summary: "List exports and erasures, newest first",
  description: own,
  ...permitted("privacy:manage"),
  request: { query: PageQuery },
  responses: {
    200: json(pageOf(PrivacyRequest).openapi("PrivacyRequestPage"), "A page of requests"),
    ...guarded,
    ...problems(422),
  },
});

const get = createRoute({
  method: "get",
  path: `${path}/{id}`,
  operationId: "adminGetPrivacyRequest",
  tags,
  summary: "An export or erasure: how far it is, what it found and what is kept",
  description: own,
  ...permitted("privacy:manage"),
  request: { params: IdParam },
  responses: { 200: json(PrivacyRequest, "The request"), ...guarded, ...problems(404, 422) },
});

/** A request as the database answers it, as the API shows it. */
function toRequest(row: unknown): z.infer<typeof PrivacyRequest> {
  const request = PrivacyRequest.parse(row);
  return {
    ...request,
    created_at: isoTime(request.created_at),
    finished_at: isoTime(request.finished_at),
    expires_at: isoTime(request.expires_at),
  };
}

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

/** POST and GET /admin/privacy/requests, GET …/{id}. */
export function privacyRequests(app: App) {
  app.openapi(create, async (c) => {
    const answer = await c.var.db.rpc("create_privacy_request", {
      organization_id: c.var.actor.organizationId,
      request: c.req.valid("json"),
    });
    return c.json(toRequest(unwrap(answer, "request")), 202);
  });
  app.openapi(list, async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_privacy_requests", {
      organization_id: c.var.actor.organizationId,
      page_limit: limit,
      page_offset: offset,
    });
    const { total, rows } = Page.parse(unwrap(answer, "request"));
    return c.json({ data: rows.map(toRequest), total, limit, offset }, 200);
  });
  app.openapi(get, async (c) => {
    const answer = await c.var.db.rpc("get_privacy_request", {
      organization_id: c.var.actor.organizationId,
      request_id: c.req.valid("param").id,
    });
    return c.json(toRequest(unwrap(answer, "request")), 200);
  });
}
