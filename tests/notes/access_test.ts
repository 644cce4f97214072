import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { inboxOf, type NoteBody, readNote, sendNote, unreadOf } from "../support/notes.ts";
import { addMembers, newOrganization, type Session } from "../support/people.ts";

/*
 * The role table of notes over HTTP, cell by cell: sending, seeing, reading.
 */

const kinds = {
  "to any role": ["technical_agent"],
  "to admins": ["admin"],
  "to admins twice": ["admin", "admin"],
  "to admins and others": ["admin", "technical_agent"],
  "to nobody": [],
  "to an unknown role": ["nobody"],
};

const agents = {
  "to any role": 403,
  "to admins": 201,
  "to admins twice": 201,
  "to admins and others": 403,
  "to nobody": 422,
  "to an unknown role": 422,
};
const refused = {
  "to any role": 403,
  "to admins": 403,
  "to admins twice": 403,
  "to admins and others": 403,
  "to nobody": 403,
  "to an unknown role": 403,
};

const sending: Record<string, Record<keyof typeof kinds, number>> = {
  admin: { ...agents, "to any role": 201, "to admins and others": 201 },
  marketing_agent: agents,
  technical_agent: agents,
  manager: agents,
  counselor: agents,
  campaign_manager: agents,
  operator: agents,
  own_role: agents,
  viewer: refused,
  suspended: refused,
  stranger: refused,
};

/** Somebody for each row of the table; the suspended one was an admin. */
async function people() {
  const organization = await newOrganization();
  const roles = Object.keys(sending).slice(1, -3).filter((role) => role !== "own_role");
  const members = await addMembers(organization, [
    ...roles.map((role) => ({ role })),
    { permissions: ["notes:send"] },
    { role: "viewer" },
    { role: "admin" },
  ]);
  const names = [...roles, "own_role", "viewer", "suspended"];
  const all = new Map<string, Session>([["admin", organization.admin]]);
  members.forEach((session, index) => all.set(names[index] ?? "", session));
  const [own, suspended] = [all.get("own_role"), all.get("suspended")];
  assert(own !== undefined && suspended !== undefined);
  // Nobody can be invited to a role that reads more notes than an admin does, so that permission comes afterwards.
  await database()`with own as (
      select role_id from public.memberships where user_id = ${own.userId} and organization_id = ${organization.id}
    ), reads as (
      insert into public.role_permissions (role_id, permission, scope) select role_id, 'notes:read', 'own' from own
    )
    update public.role_permissions set scope = 'own' where role_id = (select role_id from own)`;
  await database()`update public.memberships set status = 'suspended' where user_id = ${suspended.userId}`;
  all.set("stranger", (await newOrganization()).admin);
  return { organization, all };
}

Deno.test("Admins send to any role, the others to admins only, viewers and strangers to nobody", async () => {
  const { organization, all } = await people();
  const headers = { "x-organization-id": organization.id };
  let accepted = 0;
  for (const [role, cells] of Object.entries(sending)) {
    for (const [kind, recipients] of Object.entries(kinds)) {
      const wanted = cells[kind as keyof typeof kinds];
      const body = { title: `${role} ${kind}`, description: "x", recipients };
      const answer = await call(all.get(role) ?? null, "POST", "/notes", body, headers);
      assert.equal(answer.status, wanted, `${role} ${kind}: ${JSON.stringify(answer.body)}`);
      accepted += Number(wanted === 201);
    }
  }
  const [stored] =
    await database()`select count(*)::int as notes from public.notes where organization_id = ${organization.id}`;
  assert.equal(stored?.["notes"], accepted, "what is refused is not stored");
});

Deno.test("A note is seen by who holds its role and by its sender, and by nobody else", async () => {
  const { organization, all } = await people();
  const person = (role: string): Session => {
    const found = all.get(role);
    assert(found !== undefined);
    return found;
  };
  const notes = {
    marketing: await sendNote(person("admin"), ["marketing_agent"], { title: "marketing" }),
    admins: await sendNote(person("technical_agent"), ["admin"], { title: "admins" }),
    viewers: await sendNote(person("admin"), ["viewer"], { title: "viewers" }),
  };
  const sees: Record<string, (keyof typeof notes)[]> = {
    admin: ["marketing", "admins", "viewers"],
    marketing_agent: ["marketing"],
    technical_agent: ["admins"],
    viewer: ["viewers"],
    manager: [],
    own_role: [],
  };
  for (const [role, titles] of Object.entries(sees)) {
    for (const [title, { id }] of Object.entries(notes)) {
      const answer = await call(person(role), "GET", `/notes/${id}`);
      if (titles.includes(title as keyof typeof notes)) expectStatus(answer, 200);
      else expectProblem(answer, 404, "not_found");
    }
  }
  assert.deepEqual(await inboxOf(person("admin")), ["admins"]);
  assert.deepEqual(await inboxOf(person("marketing_agent")), ["marketing"]);
  assert.deepEqual(await inboxOf(person("technical_agent")), []);
  assert.deepEqual(await inboxOf(person("viewer")), ["viewers"]);
  for (const role of ["suspended", "stranger"]) {
    const headers = { "x-organization-id": organization.id };
    for (
      const path of ["/notes/inbox", "/notes/sent", "/notes/unread", `/notes/${notes.admins.id}`]
    ) {
      expectProblem(await call(person(role), "GET", path, undefined, headers), 403);
    }
  }
  expectProblem(
    await call(person("stranger"), "GET", `/notes/${notes.admins.id}`),
    404,
    "not_found",
  );
  expectProblem(
    await call(person("stranger"), "POST", `/notes/${notes.admins.id}/read`),
    404,
    "not_found",
  );
  for (
    const [role, note, wanted] of [
      ["admin", notes.marketing, 409],
      ["marketing_agent", notes.admins, 404],
      ["technical_agent", notes.admins, 409],
      ["manager", notes.viewers, 404],
    ] as [string, NoteBody, 404 | 409][]
  ) {
    expectProblem(await call(person(role), "POST", `/notes/${note.id}/read`), wanted);
  }
  const untouched = expectStatus<NoteBody>(
    await call(person("admin"), "GET", `/notes/${notes.marketing.id}`),
    200,
  );
  assert.deepEqual([untouched.is_read, untouched.read_count], [false, 0]);
  await readNote(person("viewer"), notes.viewers.id);
  assert.equal((await unreadOf(person("viewer"))).unread, 0);
});
