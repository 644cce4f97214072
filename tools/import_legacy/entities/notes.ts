import type postgres from "postgres";
import type { Entity } from "../entity.ts";
import { derivedId } from "../legacy_id.ts";

/**
 * Lets the readers of these notes, by id, find them unread. Counting what is unread begins after the note up to which a
 * person has read all, which for somebody new is the present one: it moves back, and what lies between counts as read.
 */
async function keepUnread(tx: postgres.TransactionSql, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  const readers = tx`
    select m.organization_id, m.user_id, k.key as role_key, min(b.read_before::text)::uuid as old_mark,
      private.uuid_v7_floor(min(n.created_at) - interval '1 millisecond') as mark
    from public.notes n
    join public.memberships m on m.organization_id = n.organization_id and m.user_id is distinct from n.sender_id
    join public.roles k on k.id = m.role_id and k.key = any (n.recipients)
    join private.note_marks b on b.organization_id = m.organization_id and b.user_id = m.user_id
    where n.id = any (${ids}::uuid[])
    group by m.organization_id, m.user_id, k.key`;
  await tx`
    with readers as (${readers})
    insert into public.note_reads (organization_id, note_id, user_id, read_at)
    select r.organization_id, r.note_id, e.user_id, n.created_at
    from readers e
    join public.note_roles r on r.organization_id = e.organization_id and r.role_key = e.role_key
      and r.note_id > e.mark and r.note_id <= e.old_mark
    join public.notes n on n.id = r.note_id
    where r.note_id <> all (${ids}::uuid[])
    on conflict do nothing`;
  await tx`
    with readers as (${readers})
    update private.note_marks b set read_before = e.mark from readers e
    where b.organization_id = e.organization_id and b.user_id = e.user_id and b.read_before > e.mark`;
}

/** Notes to roles, read or not as they were in the old service. Nobody is notified of them again. */
export const notes: Entity = {
  required: ["title", "description", "recipients"],
  table: "notes",
  read(cells, context, step) {
    const title = cells.text("title", 200);
    const description = cells.lines("description", 10_000);
    const old = cells.raw("recipients");
    const words = step.values["recipients"] ?? {};
    const recipients = (Array.isArray(old) ? old.map(String) : String(old ?? "").split(","))
      .map((role) => role.trim().toLowerCase()).filter((role) => role !== "")
      .map((role) => words[role] ?? role);
    if (title === null || description === null || recipients.length === 0) {
      cells.leaveOut("title", "A note has a title, a text and recipients.");
      return null;
    }
    const at = cells.time("at") ?? context.now;
    return {
      id: derivedId(at, context.place.origin, step.name, cells.oldId),
      organization_id: context.organizationId,
      sender_id: context.people.find(cells.raw("sender_id")),
      sender_role: "admin",
      title,
      description,
      recipients: [...new Set(recipients)].sort(),
      first_read_at: cells.flag("read") === false ? null : at,
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
    // Those that were here before keep what became of them here.
    const made = await tx`
      insert into public.note_roles (organization_id, role_key, note_id)
      select n.organization_id, r, n.id from public.notes n cross join unnest(n.recipients) r
      where n.organization_id = ${context.organizationId} and n.id = any (${ids}::uuid[])
      on conflict do nothing returning note_id::text`;
    const fresh = new Set(made.map(({ note_id }) => String(note_id)));
    const isUnread = new Set(
      drafts.filter(({ row }) => row["first_read_at"] === null).map(({ row }) => String(row["id"])),
    );
    await tx`
      insert into public.note_reads (organization_id, note_id, user_id, read_at)
      select n.organization_id, n.id, m.user_id, n.created_at
      from public.notes n
      join public.memberships m on m.organization_id = n.organization_id
      join public.roles r on r.id = m.role_id and r.key = any (n.recipients)
      where n.id = any (${[...fresh.difference(isUnread)]}::uuid[])
      on conflict do nothing`;
    await keepUnread(tx, [...fresh.intersection(isUnread)]);
  },
};
