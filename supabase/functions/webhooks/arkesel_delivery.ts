import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { arkeselAccount } from "../_shared/messaging/accounts.ts";
import { Problem, problems } from "../_shared/problem.ts";
import { invalidSignature, recordReport, tokenMessage, webhookRequest } from "./received.ts";

const definition = {
  path: "/arkesel/delivery",
  tags: ["webhooks"],
  summary: "Arkesel's delivery callback",
  description:
    "Arkesel signs nothing: the token that we put into the callback URL proves which message it is about.",
  security: [],
  request: {
    query: z.object({
      token: z.string().max(100).optional(),
      sms_id: z.string().max(100).optional(),
      status: z.string().max(50).optional(),
    }),
  },
  responses: { 204: { description: "Recorded" }, ...problems(403, 422) },
};

export function arkeselDelivery(app: App) {
  for (const method of ["get", "post"] as const) {
    const route = createRoute({ ...definition, method, operationId: `${method}ArkeselDelivery` });
    app.openapi(route, async (c) => {
      const request = await webhookRequest(c);
      const messageId = tokenMessage(request.url);
      if (messageId === null) throw invalidSignature();
      const report = arkeselAccount().parseDelivery(request);
      if (report === null) {
        throw new Problem(422, "not_a_report", "This is not a delivery report.");
      }
      await recordReport(c, "arkesel", messageId, report, false);
      return c.body(null, 204);
    });
  }
}
