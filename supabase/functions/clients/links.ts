import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";

const state = {
  state: z.enum(["linked", "rejected", "suggested"]).openapi({
    description:
      "suggested: found by a number or address; rejected: a person said that it is another",
  }),
  source: z.enum(["automatic", "manual"]).nullable(),
  matched_by: z.enum(["account_number", "phone", "email"]).nullable(),
};

export const Links = z.object({
  customers: z.array(z.object({
    customer_id: Id,
    name: z.string().openapi({ example: "Ama Mensah" }),
    account_number: z.string().openapi({ example: "DP-1001" }),
    ...state,
  })),
  leads: z.array(z.object({
    lead_id: Id,
    name: z.string().openapi({ example: "Ama Mensah" }),
    status: z.string().openapi({ example: "won" }),
    ...state,
  })),
  hidden: z.int().openapi({ description: "Customers and leads that the caller may not see" }),
}).openapi("ClientLinks");

const choice = {
  state: z.enum(["linked", "rejected", "none"]).openapi({
    description: "none: forgets what was chosen, so that it is suggested again",
  }),
};
const Choice = z.union([
  z.strictObject({ customer_id: Id, ...choice }),
  z.strictObject({ lead_id: Id, ...choice }),
]);

const read = createRoute({
  method: "get",
  path: "/{id}/links",
  operationId: "getClientLinks",
  tags: ["clients"],
  summary: "Which customers and leads are, or may be, the same as a client",
  description:
    "The one customer or lead with the client's account number, phone number or e-mail address is " +
    "linked; several are suggested. Only what the caller may see is shown.",
  ...permitted("clients:read"),
  request: { params: IdParam },
  responses: { 200: json(Links, "Links and suggestions"), ...guarded, ...problems(404, 422) },
});

const choose = createRoute({
  method: "put",
  path: "/{id}/links",
  operationId: "chooseClientLinks",
  tags: ["clients"],
  summary: "Link customers and leads to a client, or reject them",
  description:
    "What is not named stays. A person's choice is kept, whatever number or address changes later.",
  ...permitted("clients:write"),
  request: {
    params: IdParam,
    body: jsonBody(
      z.object({ links: z.array(Choice).min(1).max(100) }).openapi("ClientLinkChoices"),
    ),
  },
  responses: { 200: json(Links, "Links and suggestions"), ...guarded, ...problems(400, 404, 422) },
});

export function clientLinks(app: App) {
  app.openapi(read, async (c) => {
    const answer = await c.var.db.rpc("client_links", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
    });
    return c.json(Links.parse(unwrap(answer, "client")), 200);
  });
  app.openapi(choose, async (c) => {
    const answer = await c.var.db.rpc("client_links", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
      choices: c.req.valid("json").links.map((link) => ({ ...link })),
    });
    return c.json(Links.parse(unwrap(answer, "client")), 200);
  });
}
