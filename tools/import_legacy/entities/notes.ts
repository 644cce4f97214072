import { cleanLines } from "../cells.ts";
import type { Entity } from "../entity.ts";
import { derivedId } from "../legacy_id.ts";

/** Notes to roles. They were mailed and read in the old service: nobody is notified of them again. */
export const notes: Entity = {
  required: ["title", "description", "recipients"],
  table: "notes",
  read(cells, context, step) {
    const title = cells.text("title", 200);
    const description = cleanLines(String(cells.raw("description") ?? "")).slice(0, 10_000);
    const old = cells.raw("recipients");
    const words = step.values["recipients"] ?? {};
    const recipients = (Array.isArray(old) ? old.map(String) : String(old ?? "").split(","))
      .map((role) => role.trim().toLowerCase()).filter((role) => role !== "")
      .map((role) => words[role] ?? role);
    if (title === null || description === "" || recipients.length === 0) {
      cells.leaveOut("title", "A note has a title, a text and recipients.");
      return null;
    }
    const at = cells.time("at") ?? context.now;
    return {
      id: derivedId(at, context.organizationId, step.name, cells.oldId),
      organization_id: context.organizationId,
      sender_id: context.people.find(cells.raw("sender_id")),
      sender_role: "admin",
      title,
      description,
      recipients: [...new Set(recipients)].sort(),
      first_read_at: at,
      created_at: at,
    };
  },
  async prepare(tx, drafts, context) {
    await tx`select private.next_note_version(${context.organizationId})`;
    const found = await tx`
      select m.user_id::text, r.key from public.memberships m join public.roles r on r.id = m.role_id
      where m.organization_id = ${context.organizationId}`;
    const roles = new Map(found.map((row) => [String(row["user_id"]), String(row["key"])]));
    for (const { row } of drafts) {
      row["sender_role"] = roles.get(String(row["sender_id"])) ?? "admin";
    }
  },
  async after(tx, drafts, context) {
    const ids = drafts.map(({ row }) => String(row["id"]));
    await tx`
      insert into public.note_roles (organization_id, role_key, note_id)
      select n.organization_id, r, n.id from public.notes n cross join unnest(n.recipients) r
      where n.organization_id = ${context.organizationId} and n.id = any (${ids}::uuid[])
      on conflict do nothing`;
    await tx`
      insert into public.note_reads (organization_id, note_id, user_id, read_at)
      select n.organization_id, n.id, m.user_id, n.created_at
      from public.notes n
      join public.memberships m on m.organization_id = n.organization_id
      join public.roles r on r.id = m.role_id and r.key = any (n.recipients)
      where n.organization_id = ${context.organizationId} and n.id = any (${ids}::uuid[])
      on conflict do nothing`;
  },
};
