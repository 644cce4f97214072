import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Json } from "../_shared/database.types.ts";
import {
  ensure,
  type FieldError,
  invalidFields,
  problems,
  requireChange,
  unwrap,
} from "../_shared/problem.ts";
import {
  guarded,
  IdempotencyHeader,
  IdParam,
  json,
  jsonBody,
  permitted,
} from "../_shared/route.ts";
import { ContactFields, readPhone } from "./input.ts";
import { Contact, toContact } from "./schemas.ts";

const ContactInput = z.object(ContactFields).openapi("ClientContactInput");
const ContactChange = ContactInput.partial().openapi("ClientContactChange");
const Params = z.object({
  id: z.uuid().openapi({ param: { name: "id", in: "path" } }),
  contact_id: z.uuid().openapi({ param: { name: "contact_id", in: "path" } }),
});

const list = createRoute({
  method: "get",
  path: "/{id}/contacts",
  operationId: "listClientContacts",
  tags: ["clients"],
  summary: "The contacts of a client",
  description: "The primary one first, those who left last.",
  ...permitted("clients:read"),
  request: { params: IdParam },
  responses: {
    200: json(z.object({ data: z.array(Contact) }), "All contacts"),
    ...guarded,
    ...problems(404, 422),
  },
});

const create = createRoute({
  method: "post",
  path: "/{id}/contacts",
  operationId: "createClientContact",
  tags: ["clients"],
  summary: "Add a contact",
  description: "A new primary contact takes the place of the old one.",
  ...permitted("clients:write"),
  request: { params: IdParam, headers: IdempotencyHeader, body: jsonBody(ContactInput) },
  responses: { 201: json(Contact, "The contact"), ...guarded, ...problems(400, 404, 409, 422) },
});

const change = createRoute({
  method: "patch",
  path: "/{id}/contacts/{contact_id}",
  operationId: "updateClientContact",
  tags: ["clients"],
  summary: "Change a contact",
  description: "Fields that are left out stay unchanged.",
  ...permitted("clients:write"),
  request: { params: Params, body: jsonBody(ContactChange) },
  responses: { 200: json(Contact, "The contact"), ...guarded, ...problems(400, 404, 422) },
});

const remove = createRoute({
  method: "delete",
  path: "/{id}/contacts/{contact_id}",
  operationId: "deleteClientContact",
  tags: ["clients"],
  summary: "Delete a contact that was entered by mistake",
  description: "Of somebody who has left the client, `left_on` is set instead.",
  ...permitted("clients:write"),
  request: { params: Params },
  responses: { 204: { description: "Deleted" }, ...guarded, ...problems(404, 422) },
});

function contactFields(
  { phone, email, role, ...rest }: z.infer<typeof ContactChange>,
  country: string,
): Record<string, Json> {
  const errors: FieldError[] = [];
  const read = {
    ...rest,
    role: role === "" ? null : role,
    email: email === "" ? null : email,
    phone: readPhone(phone, country, "phone", errors),
  };
  if (errors.length > 0) throw invalidFields(errors);
  return Object.fromEntries(
    Object.entries(read).filter((entry): entry is [string, string | boolean | null] =>
      entry[1] !== undefined
    ),
  );
}

export function clientContacts(app: App) {
  app.openapi(list, async (c) => {
    const answer = await c.var.db.rpc("list_client_contacts", {
      organization_id: c.var.actor.organizationId,
      client_id: c.req.valid("param").id,
    });
    const rows = z.array(z.unknown()).parse(unwrap(answer, "client"));
    return c.json({ data: rows.map(toContact) }, 200);
  });
  app.openapi(create, async (c) => {
    const { organizationId, organization } = c.var.actor;
    const answer = await c.var.db.rpc("save_client_contact", {
      organization_id: organizationId,
      client_id: c.req.valid("param").id,
      change: contactFields(c.req.valid("json"), organization.country),
    });
    return c.json(toContact(unwrap(answer, "contact")), 201);
  });
  app.openapi(change, async (c) => {
    const { organizationId, organization } = c.var.actor;
    const { id, contact_id } = c.req.valid("param");
    const change = contactFields(c.req.valid("json"), organization.country);
    requireChange(change);
    const answer = await c.var.db.rpc("save_client_contact", {
      organization_id: organizationId,
      client_id: id,
      contact_id,
      change,
    });
    return c.json(toContact(unwrap(answer, "contact")), 200);
  });
  app.openapi(remove, async (c) => {
    const { id, contact_id } = c.req.valid("param");
    ensure(
      await c.var.db.rpc("delete_client_contact", {
        organization_id: c.var.actor.organizationId,
        client_id: id,
        contact_id,
      }),
    );
    return c.body(null, 204);
  });
}
