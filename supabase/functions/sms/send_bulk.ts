import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { normalizePhone } from "../_shared/phone.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { SenderId, Text } from "./schemas.ts";

const max = 10_000;
const Amount = z.string().regex(/^-?\d{1,12}(\.\d{1,2})?$/, "is not an amount");

const Recipient = z.object({
  to: z.string().max(50).optional(),
  customer_id: z.uuid().optional(),
  name: z.string().max(255).optional(),
  account_number: z.string().max(50).optional(),
  arrears: z.string().max(50).optional(),
}).refine((one) => (one.to === undefined) !== (one.customer_id === undefined), {
  message: "Give either to or customer_id.",
}).openapi("BulkRecipient", {
  description:
    "name, account_number and arrears fill in the variables for a recipient without customer",
});

const Request = z.object({
  recipients: z.array(Recipient).min(1).max(max).optional(),
  filter: z.object({
    status: z.enum(["connected", "disconnected", "warned"]).optional(),
    arrears_min: Amount.optional(),
    arrears_max: Amount.optional(),
  }).optional().openapi({ description: "Every customer that matches, instead of recipients" }),
  message: Text,
  sender_id: SenderId.optional(),
}).refine((body) => (body.recipients === undefined) !== (body.filter === undefined), {
  path: ["recipients"],
  message: "Give either recipients or a filter.",
}).openapi("SendBulk");

const Fault = z.object({ index: z.int(), message: z.string() });

const Result = z.object({
  batch_id: Id,
  queued: z.int().openapi({ example: 240 }),
  suppressed: z.int().openapi({ example: 2 }),
  invalid: z.array(Fault),
}).openapi("BulkResult");

const route = createRoute({
  method: "post",
  path: "/send-bulk",
  operationId: "sendBulk",
  tags: ["sms"],
  summary: "Text up to 10,000 recipients",
  description:
    "One transaction. Recipients that cannot be texted are listed in `invalid`, and so are those for whom the same " +
    "text to the same number comes earlier in the list; the others are queued.",
  ...permitted("messages:send"),
  request: { headers: IdempotencyHeader, body: jsonBody(Request) },
  responses: { 202: json(Result, "Queued"), ...guarded, ...problems(400, 409, 413, 422, 429) },
});

/** Recipients with their numbers in E.164, and those whose number is invalid. */
function sorted(list: z.infer<typeof Recipient>[], country: string) {
  const recipients: Record<string, string | number | undefined>[] = [];
  const invalid: z.infer<typeof Fault>[] = [];
  for (const [position, { to, ...rest }] of list.entries()) {
    const number = to === undefined ? undefined : normalizePhone(to, country);
    if (number && !number.ok) invalid.push({ index: position, message: number.message });
    else recipients.push({ position, ...rest, ...(number ? { to: number.phone } : {}) });
  }
  return { recipients, invalid };
}

export function sendBulk(app: App) {
  app.openapi(route, async (c) => {
    const { recipients, filter, message, sender_id } = c.req.valid("json");
    const { organizationId, organization } = c.var.actor;
    const { recipients: good, invalid } = sorted(recipients ?? [], organization.country);
    const answer = await c.var.db.rpc("send_bulk", {
      organization_id: organizationId,
      message,
      maximum: max,
      ...(recipients === undefined ? {} : { recipients: good }),
      ...(filter === undefined ? {} : { filter }),
      ...(sender_id === undefined ? {} : { sender_id }),
    });
    const result = Result.parse(unwrap(answer, "batch"));
    const faults = [...invalid, ...result.invalid].sort((a, b) => a.index - b.index);
    return c.json({ ...result, invalid: faults }, 202);
  });
}
