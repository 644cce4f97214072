import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { definedOnly } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, permitted } from "../_shared/route.ts";
import { NumberType, PhoneNumber, toPhoneNumber } from "./schemas.ts";

const route = createRoute({
  method: "get",
  path: "/",
  operationId: "listPhoneNumbers",
  tags: ["phone-numbers"],
  summary: "The numbers that messages are sent from, the default one first",
  ...permitted("messages:read"),
  request: {
    query: PageQuery.extend({
      status: z.enum(["pending", "active", "circuit_open", "disabled"]).optional(),
      number_type: NumberType.optional(),
    }),
  },
  responses: {
    200: json(pageOf(PhoneNumber).openapi("PhoneNumberPage"), "A page of numbers"),
    ...guarded,
    ...problems(422),
  },
});

const Page = z.object({ total: z.number(), rows: z.array(z.unknown()) });

export function listPhoneNumbers(app: App) {
  app.openapi(route, async (c) => {
    const { limit, offset, ...filters } = c.req.valid("query");
    const answer = await c.var.db.rpc("list_phone_numbers", {
      organization_id: c.var.actor.organizationId,
      filters: definedOnly(filters),
      page_limit: limit,
      page_offset: offset,
    });
    const page = Page.parse(unwrap(answer));
    return c.json({ data: page.rows.map(toPhoneNumber), total: page.total, limit, offset }, 200);
  });
}
