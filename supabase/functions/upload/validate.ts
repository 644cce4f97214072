import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { validateCustomers } from "../_shared/customer_input.ts";
import { problems } from "../_shared/problem.ts";
import { guarded, json, jsonBody, permitted } from "../_shared/route.ts";
import { LooseCustomers, ReadRow } from "./schemas.ts";

const Checked = z.object({
  valid: z.array(ReadRow.omit({ row: true }).extend({ index: z.int() })),
  invalid: z.array(z.object({
    index: z.int().openapi({ description: "The position in the list, from 0" }),
    errors: z.array(z.object({ field: z.string(), message: z.string() })),
  })),
}).openapi("ValidatedCustomers");

const route = createRoute({
  method: "post",
  path: "/validate-customers",
  operationId: "validateCustomers",
  tags: ["upload"],
  summary: "Check customers without storing them",
  ...permitted("uploads:write"),
  request: { body: jsonBody(z.object({ customers: LooseCustomers })) },
  responses: {
    200: json(Checked, "The valid and the invalid ones"),
    ...guarded,
    ...problems(400, 413, 422),
  },
});

export function validate(app: App) {
  app.openapi(route, (c) => {
    const { customers } = c.req.valid("json");
    return c.json(validateCustomers(customers, c.var.actor.organization), 200);
  });
}
