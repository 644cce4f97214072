import { createRoute, z } from "../_shared/zod.ts";
import type { Context } from "hono";
import type { App } from "../_shared/app.ts";
import type { AppEnv } from "../_shared/context.ts";
import { isOptOut } from "../_shared/messaging/twilio_errors.ts";
import { Problem, problems } from "../_shared/problem.ts";
import { recordReport, tokenMessage, webhookRequest } from "./received.ts";
import { verifiedTwilio } from "./twilio_caller.ts";

const Token = { token: z.string().max(100).optional() };
const Fields = {
  MessageSid: z.string().optional(),
  MessageStatus: z.string().optional(),
  ErrorCode: z.string().optional(),
};

const definition = {
  path: "/twilio/status",
  tags: ["webhooks"],
  summary: "Twilio's status callback",
  description:
    "Verified by X-Twilio-Signature. A repeated or late callback changes nothing. Unknown fields are " +
    "kept with the message.",
  security: [],
  responses: { 204: { description: "Recorded" }, ...problems(403, 422, 429) },
};

const post = createRoute({
  ...definition,
  method: "post",
  operationId: "receiveTwilioStatus",
  request: {
    query: z.object(Token),
    body: {
      content: {
        "application/x-www-form-urlencoded": {
          schema: z.looseObject(Fields).openapi({
            example: { MessageSid: "SM…", MessageStatus: "delivered" },
          }),
        },
        // Signed by its hash in the query (bodySHA256).
        "application/json": { schema: z.looseObject(Fields) },
      },
    },
  },
});

const get = createRoute({
  ...definition,
  method: "get",
  operationId: "getTwilioStatus",
  request: { query: z.looseObject({ ...Token, ...Fields }) },
});

async function receive(c: Context<AppEnv>) {
  const request = await webhookRequest(c);
  const { twilio, signer } = await verifiedTwilio(c, request);
  const report = twilio.parseDelivery(request);
  if (report === null) {
    throw new Problem(422, "not_a_report", "This is not a delivery report.");
  }
  await recordReport(c, "twilio", tokenMessage(request.url), report, isOptOut(report.code), signer);
  return c.body(null, 204);
}

export function twilioStatus(app: App) {
  app.openapi(post, receive);
  app.openapi(get, receive);
}
