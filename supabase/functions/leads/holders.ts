import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { invalidFields, problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";

const Holder = z.object({
  user_id: Id,
  full_name: z.string().openapi({ example: "Comfort Counselor" }),
  email: z.string().openapi({ example: "comfort@example.com" }),
  team_id: Id.nullable(),
  on_duty: z.boolean().openapi({ description: "Strategies skip people who are off duty" }),
  capacity: z.int().nullable().openapi({
    description: "Open leads that this person may hold; null: the organization's capacity",
    example: 50,
  }),
  effective_capacity: z.int().nullable().openapi({
    description: "The person's or else the organization's capacity; null: unlimited",
    example: 50,
  }),
  open: z.int().openapi({ description: "Open leads that the person holds", example: 12 }),
}).openapi("LeadHolder");

const OnDuty = z.boolean().openapi({ example: true });

const Change = z.object({
  on_duty: OnDuty.optional(),
  capacity: z.int().min(0).max(1_000_000).nullable().optional().openapi({
    description: "null: the organization's capacity",
    example: 50,
  }),
}).openapi("LeadHolderChange");

const Duty = z.object({ on_duty: OnDuty }).openapi("LeadHolderDuty");

const listRoute = createRoute({
  method: "get",
  path: "/holders",
  operationId: "listLeadHolders",
  tags: ["leads"],
  summary: "The people to whom the caller may assign leads",
  ...permitted("leads:assign"),
  request: { query: PageQuery },
  responses: {
    200: json(pageOf(Holder).openapi("LeadHolderPage"), "A page of people"),
    ...guarded,
    ...problems(422),
  },
});

const ownRoute = createRoute({
  method: "patch",
  path: "/holders/me",
  operationId: "setOwnDuty",
  tags: ["leads"],
  summary: "Go on or off duty",
  ...permitted("leads:hold"),
  request: { body: jsonBody(Duty) },
  responses: { 200: json(Holder, "The caller"), ...guarded, ...problems(400, 422) },
});

const updateRoute = createRoute({
  method: "patch",
  path: "/holders/{user_id}",
  operationId: "updateLeadHolder",
  tags: ["leads"],
  summary: "Change a person's duty or capacity",
  description:
    "A capacity below the current load removes no leads; it only prevents further assignments.",
  ...permitted("leads:assign"),
  request: {
    params: z.object({ user_id: z.uuid().openapi({ param: { name: "user_id", in: "path" } }) }),
    body: jsonBody(Change),
  },
  responses: { 200: json(Holder, "The person"), ...guarded, ...problems(400, 404, 422) },
});

const Page = z.object({ total: z.number(), rows: z.array(Holder) });

export function leadHolders(app: App) {
  app.openapi(listRoute, async (c) => {
    const { limit, offset } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_holders", {
      organization_id: c.var.actor.organizationId,
      page_limit: limit,
      page_offset: offset,
    });
    const { rows, total } = Page.parse(unwrap(answer));
    return c.json({ data: rows, total, limit, offset }, 200);
  });
  app.openapi(ownRoute, async (c) => {
    const answer = await c.var.db.rpc("update_holder", {
      organization_id: c.var.actor.organizationId,
      user_id: c.var.actor.userId,
      change: c.req.valid("json"),
    });
    return c.json(Holder.parse(unwrap(answer)), 200);
  });
  app.openapi(updateRoute, async (c) => {
    const change = c.req.valid("json");
    if (change.on_duty === undefined && change.capacity === undefined) {
      throw invalidFields([{ path: "", message: "Give at least one field to change." }]);
    }
    const answer = await c.var.db.rpc("update_holder", {
      organization_id: c.var.actor.organizationId,
      user_id: c.req.valid("param").user_id,
      change: { ...change },
    });
    return c.json(Holder.parse(unwrap(answer, "person")), 200);
  });
}
