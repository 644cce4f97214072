import { createRoute, z } from "../_shared/zod.ts";
import type { Context } from "hono";
import { requirePermission } from "../_shared/actor.ts";
import type { App } from "../_shared/app.ts";
import type { AppEnv } from "../_shared/context.ts";
import { isoTime, Timestamp } from "../_shared/fields.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, jsonBody, permitted } from "../_shared/route.ts";
import { signToken } from "../_shared/signed_token.ts";
import { parseTimestamp } from "../_shared/timestamp.ts";

const Impersonation = z.object({
  impersonation_token: z.string().openapi({
    description: "A bearer token for the person, with the admin in `act` (RFC 8693)",
  }),
  expires_at: Timestamp.openapi({ description: "In 15 minutes; it cannot be refreshed" }),
}).openapi("Impersonation");

const start = createRoute({
  method: "post",
  path: "/users/{id}/impersonate",
  operationId: "adminImpersonateUser",
  tags: ["admin"],
  summary: "Act as another person for 15 minutes",
  description: "Only in this organization, and only as somebody with no more rights than the " +
    "caller (403 role_exceeds_own). Closed to API keys and while acting as somebody; members, roles, " +
    "keys, passwords and personal preferences are closed to its token. The person is notified, and the " +
    "audit log names both.",
  ...permitted("members:impersonate"),
  request: {
    params: IdParam,
    body: jsonBody(
      z.object({
        reason: z.string().trim().min(5).max(500).refine(isPlain, plainMessage).openapi({
          description: "Shown to the person and in the audit log",
          example: "Ticket 4711: leads do not open",
        }),
      }).openapi("ImpersonationInput"),
    ),
  },
  responses: {
    201: json(Impersonation, "The token"),
    ...guarded,
    ...problems(400, 404, 409, 422, 429),
  },
});

const Started = z.object({
  impersonation_id: z.uuid(),
  admin_id: z.uuid(),
  target_id: z.uuid(),
  expires_at: z.string(),
});

/** The middleware of both ways to end: a person who impersonates may always end it. */
const mayEnd = {
  ...permitted("members:impersonate"),
  middleware: [
    requirePermission(
      "members:impersonate",
      (c) => c.var.caller.kind === "user" && c.var.caller.delegation === "impersonation",
    ),
  ],
};

const description = "With an impersonation's token that one; with one's own all that are open in " +
  "the organization. The token ends with the next request.";
const responses = {
  200: json(
    z.object({ ended: z.int().openapi({ example: 1 }) }).openapi("ImpersonationEnded"),
    "How many were ended",
  ),
  ...guarded,
};

const end = createRoute({
  method: "post",
  path: "/impersonation/end",
  operationId: "adminEndImpersonation",
  tags: ["admin"],
  summary: "End impersonations",
  description,
  ...mayEnd,
  responses,
});

const remove = createRoute({
  method: "delete",
  path: "/impersonation",
  operationId: "adminDeleteImpersonation",
  tags: ["admin"],
  summary: "End impersonations",
  description: `As POST /admin/impersonation/end. ${description}`,
  ...mayEnd,
  responses,
});

async function ended(c: Context<AppEnv>): Promise<{ ended: number }> {
  const answer = await c.var.db.rpc("end_impersonation", {
    organization_id: c.var.actor.organizationId,
  });
  return { ended: z.number().parse(unwrap(answer, "impersonation")) };
}

/** POST /admin/users/{id}/impersonate, POST /admin/impersonation/end, DELETE /admin/impersonation. */
export function impersonation(app: App) {
  app.openapi(start, async (c) => {
    const answer = await c.var.db.rpc("impersonate", {
      organization_id: c.var.actor.organizationId,
      user_id: c.req.valid("param").id,
      reason: c.req.valid("json").reason,
    });
    const started = Started.parse(unwrap(answer, "user"));
    const impersonation_token = await signToken({
      subject: started.target_id,
      sessionId: started.impersonation_id,
      expiresAt: parseTimestamp(started.expires_at),
      claims: { act: { sub: started.admin_id } },
    });
    return c.json({ impersonation_token, expires_at: isoTime(started.expires_at) }, 201);
  });
  app.openapi(end, async (c) => c.json(await ended(c), 200));
  app.openapi(remove, async (c) => c.json(await ended(c), 200));
}
