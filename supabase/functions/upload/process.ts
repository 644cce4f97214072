import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { validateCustomers } from "../_shared/customer_input.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { BatchAction, BatchResult, LooseCustomers } from "./schemas.ts";

const Request = z.object({
  upload_id: z.uuid().optional(),
  customers: LooseCustomers.optional(),
  action: BatchAction.optional(),
  send_sms: z.boolean().default(false),
  message: z.string().trim().min(1).max(1600).optional().openapi({
    description:
      "May contain {{name}}, {{account_number}}, {{arrears}}, {{organization}}; defaults to the action's template",
    example: "Dear {{name}}, you owe {{arrears}}.",
  }),
}).refine((body) => (body.upload_id === undefined) !== (body.customers === undefined), {
  path: ["upload_id"],
  message: "Give either upload_id or customers.",
}).openapi("ProcessBatch");

const route = createRoute({
  method: "post",
  path: "/process-batch",
  operationId: "processBatch",
  tags: ["upload"],
  summary: "Turn an upload into customers, actions and texts",
  description:
    "One transaction. `row` in `skipped` is the sheet's row, or for `customers` the position in the list, from 1. " +
    "Several rows whose text to one number is the same give one text; the others are in `skipped`.",
  ...permitted("uploads:write"),
  request: { headers: IdempotencyHeader, body: jsonBody(Request) },
  responses: {
    201: json(BatchResult, "What was done"),
    ...guarded,
    ...problems(400, 404, 409, 413, 422, 429),
  },
});

/** The customers of the request, and its invalid ones as skipped rows. */
function fromRequest(
  list: Record<string, unknown>[],
  organization: { country: string; currency: string },
) {
  const { valid, invalid } = validateCustomers(list, organization);
  return {
    customers: valid.map(({ index, ...customer }) => ({ row: index + 1, ...customer })),
    skipped: invalid.map(({ index, errors }) => ({
      row: index + 1,
      reason: errors.map(({ field, message }) => field ? `${field}: ${message}` : message).join(
        " ",
      ),
    })),
  };
}

export function processBatch(app: App) {
  app.openapi(route, async (c) => {
    const { upload_id, customers, action, send_sms, message } = c.req.valid("json");
    const { organizationId, organization } = c.var.actor;
    const answer = await c.var.db.rpc("process_batch", {
      organization_id: organizationId,
      ...(upload_id === undefined ? {} : { upload_id }),
      ...(customers === undefined ? {} : fromRequest(customers, organization)),
      ...(action === undefined ? {} : { action }),
      send_sms,
      ...(message === undefined ? {} : { message }),
    });
    return c.json(BatchResult.parse(unwrap(answer, "batch")), 201);
  });
}
