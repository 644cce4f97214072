import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id } from "../_shared/fields.ts";
import { pageOf, PageQuery } from "../_shared/page.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";
import { invalidFields, problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { Consent, PhoneInput, phoneOf, Rows, Scope, toConsent } from "./schemas.ts";

const list = createRoute({
  method: "get",
  path: "/consents",
  operationId: "listConsents",
  tags: ["suppressions"],
  summary: "The consent ledger of a number, the newest entry first",
  ...permitted("consents:read"),
  request: { query: PageQuery.extend({ phone: PhoneInput }) },
  responses: {
    200: json(pageOf(Consent).openapi("ConsentPage"), "A page of the ledger"),
    ...guarded,
    ...problems(422),
  },
});

const Input = z.object({
  event: z.enum(["granted", "revoked"]).openapi({ example: "granted" }),
  phone: PhoneInput,
  channel: z.enum(["sms", "call"]).default("sms"),
  scope: Scope.optional().openapi({
    description: "A grant's is marketing, a revocation's all, if left out",
  }),
  source: z.string().trim().min(1).max(200).refine(isPlain, plainMessage).openapi({
    description: "Where it was given: a form's address, a paper form, a call",
    example: "Paper form, open day",
  }),
  disclosure: z.string().min(1).max(10_000).optional().openapi({
    description: "The words that were shown; required for a grant",
    example: "I agree to receive marketing texts from Acme.",
  }),
  disclosure_version: z.string().min(1).max(100).optional().openapi({ example: "2026-01" }),
  act: z.string().min(1).max(500).optional().openapi({
    description: "What the person did; required for a grant",
    example: "Signed the form",
  }),
  raw_text: z.string().max(2_000).optional().openapi({
    description: "A revocation's own words",
  }),
  ip: z.union([z.ipv4(), z.ipv6()]).optional(),
  user_agent: z.string().max(1_000).optional(),
  occurred_at: z.iso.datetime({ offset: true }).openapi({ example: "2026-11-20T09:30:00Z" }),
  lead_id: Id.optional(),
}).openapi("ConsentInput");

const create = createRoute({
  method: "post",
  path: "/consents",
  operationId: "recordConsent",
  tags: ["suppressions"],
  summary: "Record consent or its revocation",
  description:
    "The ledger is append-only. A revocation suppresses the number at once. Consent does not lift a " +
    "suppression, and cannot be recorded for a moment after which it was revoked (409 `revoked_since`).",
  ...permitted("consents:write"),
  request: { headers: IdempotencyHeader, body: jsonBody(Input) },
  responses: { 201: json(Consent, "The new entry"), ...guarded, ...problems(400, 404, 409, 422) },
});

function refuseUnproven({ event, disclosure, act }: z.infer<typeof Input>): void {
  if (event === "revoked") return;
  const missing = [...disclosure ? [] : ["disclosure"], ...act ? [] : ["act"]];
  if (missing.length > 0) {
    throw invalidFields(missing.map((path) => ({ path, message: "is required for a grant" })));
  }
}

/** GET and POST /suppressions/consents. */
export function consentRoutes(app: App) {
  app.openapi(list, async (c) => {
    const { limit, offset, phone } = c.req.valid("query");
    const { organizationId, organization } = c.var.actor;
    const answer = await c.var.db.rpc("list_consents", {
      organization_id: organizationId,
      phone: phoneOf(phone, organization.country),
      page_limit: limit,
      page_offset: offset,
    });
    const page = Rows.parse(unwrap(answer));
    return c.json({ data: page.rows.map(toConsent), total: page.total, limit, offset }, 200);
  });
  app.openapi(create, async (c) => {
    const { organizationId, organization } = c.var.actor;
    const input = c.req.valid("json");
    refuseUnproven(input);
    const answer = await c.var.db.rpc("add_consent", {
      organization_id: organizationId,
      consent: { ...input, phone: phoneOf(input.phone, organization.country) },
    });
    return c.json(toConsent(unwrap(answer)), 201);
  });
}
