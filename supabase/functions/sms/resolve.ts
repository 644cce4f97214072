import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";
import { Message, toMessage } from "./message.ts";

const Request = z.object({
  outcome: z.enum(["delivered", "failed", "resend"]).openapi({
    description:
      "resend: only for service messages that may not have been sent; marketing is never sent again",
  }),
  reason: z.string().trim().min(1).max(500).openapi({ example: "The customer confirmed it." }),
}).openapi("ResolveMessage");

const route = createRoute({
  method: "post",
  path: "/messages/{message_id}/resolve",
  operationId: "resolveMessage",
  tags: ["sms"],
  summary: "Set the outcome of a message whose outcome is unknown",
  description:
    "For messages that are listed with unknown=true. A later report by the provider overrides it.",
  ...permitted("messages:send"),
  request: {
    params: z.object({
      message_id: z.uuid().openapi({ param: { name: "message_id", in: "path" } }),
    }),
    body: jsonBody(Request),
  },
  responses: {
    200: json(Message, "The message"),
    ...guarded,
    ...problems(400, 404, 409, 422),
  },
});

export function resolveMessage(app: App) {
  app.openapi(route, async (c) => {
    const answer = await c.var.db.rpc("resolve_message_manually", {
      organization_id: c.var.actor.organizationId,
      message_id: c.req.valid("param").message_id,
      ...c.req.valid("json"),
    });
    return c.json(toMessage(unwrap(answer, "message")), 200);
  });
}
