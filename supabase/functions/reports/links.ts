import type { Context } from "hono";
import { createRoute, z } from "../_shared/zod.ts";
import type { AppEnv } from "../_shared/context.ts";
import type { App } from "../_shared/app.ts";
import { env } from "../_shared/env.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";

const Link = z.object({
  id: Id,
  run_id: Id,
  report_name: z.string(),
  owner_id: Id.nullable().openapi({ description: "Whose run it is" }),
  owner_name: z.string().nullable(),
  note: z.string().openapi({ description: "For whom it is", example: "Auditor" }),
  created_by: Id.nullable(),
  created_at: Timestamp,
  expires_at: Timestamp,
  revoked_at: Timestamp.nullable(),
  downloads: z.int(),
  last_used_at: Timestamp.nullable(),
  last_address: z.string().nullable(),
}).openapi("ReportLink");

const NewLink = Link.extend({
  url: z.string().nullable().openapi({
    description: "Shown only once; null in the answer to a repeat with the same Idempotency-Key",
  }),
}).openapi("NewReportLink");

function toLink(row: unknown): z.infer<typeof Link> {
  const link = Link.parse(row);
  return {
    ...link,
    created_at: isoTime(link.created_at),
    expires_at: isoTime(link.expires_at),
    revoked_at: isoTime(link.revoked_at),
    last_used_at: isoTime(link.last_used_at),
  };
}

const LinkInput = z.strictObject({
  note: z.string().trim().max(200).default(""),
  hours: z.int().min(1).max(720).optional().openapi({
    description: "How long it is valid; without it, the organization's setting",
  }),
}).openapi("ReportLinkInput");

const create = createRoute({
  method: "post",
  path: "/runs/{id}/links",
  operationId: "createReportLink",
  tags: ["reports"],
  summary: "A link to a run's file for somebody without an account",
  description:
    "Only where the organization allows it (PATCH /reports/settings), and with reports:share for " +
    "the whole organization. It ends when it expires or is revoked, when its maker may no longer share or the " +
    "run's owner no longer export.",
  ...permitted("reports:share"),
  request: { params: IdParam, headers: IdempotencyHeader, body: jsonBody(LinkInput) },
  responses: { 201: json(NewLink, "The link"), ...guarded, ...problems(400, 404, 409, 422) },
});

const list = createRoute({
  method: "get",
  path: "/runs/{id}/links",
  operationId: "listReportLinks",
  tags: ["reports"],
  summary: "The links to a run's file, and how often each was used",
  description:
    "Of one's own run, or with organization:update of any. `X-Total-Count` is the number of all.",
  ...permitted("reports:read"),
  request: { params: IdParam, query: PageQuery },
  responses: { 200: json(z.array(Link), "The links"), ...guarded, ...problems(404, 422) },
});

const listAll = createRoute({
  method: "get",
  path: "/links",
  operationId: "listAllReportLinks",
  tags: ["reports"],
  summary: "All links to files of the organization, newest first",
  description:
    "Whose files they are of and how often each was used, to revoke them; nothing that " +
    "the files hold. `X-Total-Count` is the number of all.",
  ...permitted("organization:update"),
  request: { query: PageQuery },
  responses: { 200: json(z.array(Link), "The links"), ...guarded, ...problems(422) },
});

const revoke = createRoute({
  method: "delete",
  path: "/links/{id}",
  operationId: "revokeReportLink",
  tags: ["reports"],
  summary: "Revoke a link",
  description: "One's own, or any of the organization's with organization:update.",
  ...permitted("reports:read"),
  request: { params: IdParam },
  responses: { 200: json(Link, "The link"), ...guarded, ...problems(404, 422) },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

const Token = z.object({ token: z.string().nullable() });

export function reportLinks(app: App) {
  app.openapi(create, async (c) => {
    const { note, hours } = c.req.valid("json");
    const answer = await c.var.db.rpc("create_report_link", {
      organization_id: c.var.actor.organizationId,
      run_id: c.req.valid("param").id,
      note,
      ...(hours === undefined ? {} : { hours }),
    });
    const row = unwrap(answer, "run");
    const { token } = Token.parse(row);
    const url = token && `${env.publicUrl()}/functions/v1/reports/shared?token=${token}`;
    return c.json({ ...toLink(row), url }, 201);
  });
  const page = async (c: Context<AppEnv>, query: z.infer<typeof PageQuery>, run_id?: string) => {
    const answer = await c.var.db.rpc("list_report_links", {
      organization_id: c.var.actor.organizationId,
      ...(run_id === undefined ? {} : { run_id }),
      page_limit: query.limit,
      page_offset: query.offset,
    });
    const { total, rows } = Page.parse(unwrap(answer, "run"));
    c.header("x-total-count", String(total));
    return rows.map(toLink);
  };
  app.openapi(
    list,
    async (c) => c.json(await page(c, c.req.valid("query"), c.req.valid("param").id), 200),
  );
  app.openapi(listAll, async (c) => c.json(await page(c, c.req.valid("query")), 200));
  app.openapi(revoke, async (c) => {
    const answer = await c.var.db.rpc("revoke_report_link", {
      organization_id: c.var.actor.organizationId,
      link_id: c.req.valid("param").id,
    });
    return c.json(toLink(unwrap(answer, "link")), 200);
  });
}
