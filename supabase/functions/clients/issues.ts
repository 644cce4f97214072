import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly, Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, requireChange, unwrap } from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";
import { line } from "./input.ts";

const Severity = z.enum(["low", "medium", "high"]);
const Status = z.enum(["open", "in_progress", "closed"]);
const Type = z.string().max(50).openapi({
  description: "A key of GET /clients/incident-types",
  example: "outage",
});

export const ClientIssue = z.object({
  id: Id,
  client_id: Id,
  type: Type,
  type_label: z.string().nullable().openapi({ example: "Outage" }),
  title: z.string().openapi({ example: "No supply since Monday" }),
  description: z.string().nullable(),
  severity: Severity,
  status: Status,
  contract_code: z.string().nullable(),
  external_customer_id: z.string().nullable(),
  opened_at: Timestamp,
  closed_at: Timestamp.nullable(),
  resolution: z.string().nullable(),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  closed_by: Id.nullable(),
  closed_by_name: z.string().nullable(),
  recorded_at: Timestamp,
  updated_at: Timestamp,
}).openapi("ClientIssue");

const Moment = z.iso.datetime({ offset: true }).refine((text) => text >= "1990", "is too long ago");

const code = line(100).nullable().optional().openapi({ type: ["string", "null"] });
const fields = {
  title: line(200).pipe(z.string().min(1)).openapi({ type: "string", example: "No supply" }),
  type: Type.optional(),
  severity: Severity.optional(),
  description: z.string().trim().max(10_000).nullable().optional(),
};

const Input = z.object({
  ...fields,
  contract_code: code,
  external_customer_id: code,
  opened_at: Moment.optional().openapi({ description: "When it began; now if left out" }),
}).openapi("ClientIssueInput");

const Change = z.object({
  ...fields,
  status: Status,
  resolution: z.string().trim().max(2_000).nullable(),
  closed_at: Moment.openapi({
    description: "When it was over, for status closed; now if left out",
  }),
}).partial().openapi("ClientIssueChange");

const Params = z.object({
  id: z.uuid().openapi({ param: { name: "id", in: "path" } }),
  issue_id: z.uuid().openapi({ param: { name: "issue_id", in: "path" } }),
});

const list = createRoute({
  method: "get",
  path: "/{id}/issues",
  operationId: "listClientIssues",
  tags: ["clients"],
  summary: "List the issues of a client",
  description: "Newest first.",
  ...permitted("clients:read"),
  request: {
    params: IdParam,
    query: PageQuery.extend({ status: Status.optional(), type: Type.optional() }),
  },
  responses: {
    200: json(pageOf(ClientIssue).openapi("ClientIssuePage"), "A page of issues"),
    ...guarded,
    ...problems(404, 422),
  },
});

const create = createRoute({
  method: "post",
  path: "/{id}/issues",
  operationId: "createClientIssue",
  tags: ["clients"],
  summary: "Add an issue that a client reports",
  description: "Without a type it has the last of the organization's types.",
  ...permitted("issues:write"),
  request: { params: IdParam, headers: IdempotencyHeader, body: jsonBody(Input) },
  responses: { 201: json(ClientIssue, "The issue"), ...guarded, ...problems(400, 404, 409, 422) },
});

const change = createRoute({
  method: "patch",
  path: "/{id}/issues/{issue_id}",
  operationId: "updateClientIssue",
  tags: ["clients"],
  summary: "Change or close an issue",
  description:
    "A closed issue stays closed (409 `issue_closed`), so that what was open on a past day stays " +
    "known; one that comes back is a new issue with the same title.",
  ...permitted("issues:write"),
  request: { params: Params, body: jsonBody(Change) },
  responses: { 200: json(ClientIssue, "The issue"), ...guarded, ...problems(400, 404, 409, 422) },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

/** The result of `private.client_issue_json` as the API's issue. */
export function toClientIssue(row: unknown): z.infer<typeof ClientIssue> {
  const issue = ClientIssue.parse(row);
  return {
    ...issue,
    opened_at: isoTime(issue.opened_at),
    closed_at: isoTime(issue.closed_at),
    recorded_at: isoTime(issue.recorded_at),
    updated_at: isoTime(issue.updated_at),
  };
}

export function clientIssues(app: App) {
  app.openapi(list, async (c) => {
    const { limit, offset, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_client_issues", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
      filters: definedOnly(filters),
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer, "client"));
    return c.json({ data: page.rows.map(toClientIssue), total: page.total, limit, offset }, 200);
  });
  app.openapi(create, async (c) => {
    const answer = await c.var.db.rpc("create_client_issue", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
      issue: c.req.valid("json"),
    });
    return c.json(toClientIssue(unwrap(answer, "issue")), 201);
  });
  app.openapi(change, async (c) => {
    const { id, issue_id } = c.req.valid("param");
    const change = c.req.valid("json");
    requireChange(change);
    const answer = await c.var.db.rpc("update_client_issue", {
      organization_id: c.var.actor.organizationId,
      client_id: id,
      issue_id,
      change,
    });
    return c.json(toClientIssue(unwrap(answer, "issue")), 200);
  });
}
