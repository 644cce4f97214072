import { createRoute, z } from "../_shared/zod.ts";
import type { Context } from "hono";
import { requestedOrganization } from "../_shared/actor.ts";
import type { App } from "../_shared/app.ts";
import { type Client, clientOf } from "../_shared/clients.ts";
import type { AppEnv } from "../_shared/context.ts";
import { isoTime, Phone, Timestamp } from "../_shared/fields.ts";
import { ensure, Problem, problems, unwrap } from "../_shared/problem.ts";
import { json, jsonBody } from "../_shared/route.ts";
import { requireSignIn, signedIn } from "./guard.ts";

const PhoneNumber = z.string().trim().regex(/^\+[1-9]\d{6,14}$/, "must be in E.164 form")
  .openapi({ description: "E.164", example: "+233244123456" });

const request = createRoute({
  method: "post",
  path: "/phone",
  operationId: "requestPhoneCode",
  tags: ["auth"],
  summary: "Get a code by text to confirm one's phone number",
  description: "Sent through the sender of the caller's organization. The code is valid for 10 " +
    "minutes. While an organization is in the sandbox, only confirmed numbers of members are texted.",
  security: [{ bearer: [] }],
  middleware: [requireSignIn],
  request: { body: jsonBody(z.object({ phone: PhoneNumber }).openapi("PhoneCodeRequest")) },
  responses: {
    202: json(
      z.object({ phone: Phone, expires_at: Timestamp }).openapi("PhoneCode"),
      "The code is on its way",
    ),
    ...problems(400, 401, 403, 409, 422, 429),
  },
});

const confirm = createRoute({
  method: "post",
  path: "/phone/confirm",
  operationId: "confirmPhone",
  tags: ["auth"],
  summary: "Confirm one's phone number with the code",
  description: "Five attempts a code.",
  security: [{ bearer: [] }],
  middleware: [requireSignIn],
  request: {
    body: jsonBody(
      z.object({
        code: z.string().trim().regex(/^\d{6}$/, "has six digits").openapi({ example: "123456" }),
      }).openapi("PhoneConfirmation"),
    ),
  },
  responses: {
    200: json(
      z.object({ phone: Phone, phone_confirmed_at: Timestamp }).openapi("ConfirmedPhone"),
      "Confirmed",
    ),
    ...problems(400, 401, 409, 422),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/phone",
  operationId: "removePhone",
  tags: ["auth"],
  summary: "Remove one's phone number",
  security: [{ bearer: [] }],
  middleware: [requireSignIn],
  responses: { 204: { description: "Removed" }, ...problems(401) },
});

const Requested = z.object({ phone: z.string(), expires_at: z.string() });
const Confirmed = z.object({ phone: z.string(), phone_confirmed_at: z.string() });
const Me = z.object({ actor: z.object({ organization_id: z.string() }).nullable() });

const dbOf = (c: Context<AppEnv>): Client =>
  clientOf(signedIn(c).token, c.var.requestHeaders, c.var.counter);

/** The organization whose sender is used: the requested one, else the caller's only or default one. */
async function senderOrganization(c: Context<AppEnv>, db: Client): Promise<string> {
  const requested = requestedOrganization(c);
  if (requested) return requested;
  const { actor } = Me.parse(unwrap(await db.rpc("me", {})));
  if (actor) return actor.organization_id;
  throw new Problem(
    400,
    "organization_required",
    "Name one of your organizations in the X-Organization-Id header.",
  );
}

export function phone(app: App) {
  app.openapi(request, async (c) => {
    const db = dbOf(c);
    const organization_id = await senderOrganization(c, db);
    const answer = await db.rpc("request_phone_code", { organization_id, ...c.req.valid("json") });
    const { phone, expires_at } = Requested.parse(unwrap(answer));
    return c.json({ phone, expires_at: isoTime(expires_at) }, 202);
  });

  app.openapi(confirm, async (c) => {
    const answer = await dbOf(c).rpc("confirm_phone", c.req.valid("json"));
    const { phone, phone_confirmed_at } = Confirmed.parse(unwrap(answer));
    return c.json({ phone, phone_confirmed_at: isoTime(phone_confirmed_at) }, 200);
  });

  app.openapi(remove, async (c) => {
    ensure(await dbOf(c).rpc("remove_phone"));
    return c.body(null, 204);
  });
}
