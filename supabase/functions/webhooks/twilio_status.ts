import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { isOptOut } from "../_shared/messaging/twilio_errors.ts";
import { Problem, problems } from "../_shared/problem.ts";
import { recordReport, tokenMessage, webhookRequest } from "./received.ts";
import { verifiedTwilio } from "./twilio_caller.ts";

const route = createRoute({
  method: "post",
  path: "/twilio/status",
  operationId: "receiveTwilioStatus",
  tags: ["webhooks"],
  summary: "Twilio's status callback",
  description: "Verified by X-Twilio-Signature. A repeated or late callback changes nothing.",
  security: [],
  request: {
    query: z.object({ token: z.string().max(100).optional() }),
    body: {
      content: {
        "application/x-www-form-urlencoded": {
          schema: z.looseObject({
            MessageSid: z.string().optional(),
            MessageStatus: z.string().optional(),
            ErrorCode: z.string().optional(),
          }).openapi({ example: { MessageSid: "SM…", MessageStatus: "delivered" } }),
        },
      },
    },
  },
  responses: { 204: { description: "Recorded" }, ...problems(403, 422, 429) },
});

export function twilioStatus(app: App) {
  app.openapi(route, async (c) => {
    const request = await webhookRequest(c);
    const twilio = await verifiedTwilio(c, request);
    const report = twilio.parseDelivery(request);
    if (report === null) {
      throw new Problem(422, "not_a_report", "This is not a delivery report.");
    }
    await recordReport(c, "twilio", tokenMessage(request.url), report, isOptOut(report.code));
    return c.body(null, 204);
  });
}
