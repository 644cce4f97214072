import { createRoute, z } from "../_shared/zod.ts";
import type { Context } from "hono";
import type { App } from "../_shared/app.ts";
import type { AppEnv } from "../_shared/context.ts";
import { log } from "../_shared/log.ts";
import { Problem, problems } from "../_shared/problem.ts";
import { recorder, recordWithRetry, webhookRequest } from "./received.ts";
import { verifiedTwilio } from "./twilio_caller.ts";

const Fields = {
  MessageSid: z.string().optional(),
  From: z.string().optional(),
  To: z.string().optional(),
  Body: z.string().optional(),
};

const definition = {
  path: "/twilio/inbound",
  tags: ["webhooks"],
  summary: "An inbound message",
  description:
    "Verified by X-Twilio-Signature. Opens its conversation; STOP in any words, START and HELP take effect in the same " +
    "transaction.",
  security: [],
  responses: {
    200: {
      description: "Recorded; TwiML without a reply",
      content: { "text/xml": { schema: z.string().openapi({ example: "<Response/>" }) } },
    },
    ...problems(403, 422, 429),
  },
};

const post = createRoute({
  ...definition,
  method: "post",
  operationId: "receiveTwilioMessage",
  request: {
    body: {
      content: {
        "application/x-www-form-urlencoded": {
          schema: z.looseObject(Fields).openapi({
            example: { MessageSid: "SM…", From: "+15551230001", To: "+15550009999", Body: "STOP" },
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
  operationId: "getTwilioMessage",
  request: { query: z.looseObject(Fields) },
});

const Recorded = z.object({ known: z.boolean(), duplicate: z.boolean() });

async function receive(c: Context<AppEnv>) {
  const request = await webhookRequest(c);
  const { twilio, signer } = await verifiedTwilio(c, request);
  const message = twilio.parseInbound(request);
  if (message === null) {
    throw new Problem(422, "not_a_message", "This is not an inbound message.");
  }
  const given = {
    provider: "twilio",
    provider_message_id: message.providerMessageId,
    from_number: message.from,
    to_number: message.to,
    body: message.body,
    media: message.mediaUrls,
    ...signer,
    ...(message.optOutType === null ? {} : { opt_out_type: message.optOutType }),
    ...(message.facts === undefined ? {} : { facts: { ...message.facts } }),
  };
  const answer = await recordWithRetry(() => recorder(c).rpc("record_inbound", given));
  if (!Recorded.parse(answer).known) {
    log("warn", "inbound_unknown_number", { request_id: c.var.requestId });
  }
  return c.body("<Response/>", 200, { "content-type": "text/xml" });
}

export function twilioInbound(app: App) {
  app.openapi(post, receive);
  app.openapi(get, receive);
}
