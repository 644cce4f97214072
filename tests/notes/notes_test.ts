import assert from "node:assert/strict";
import { addClient } from "../support/clients.ts";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { runTask } from "../support/jobs.ts";
import { inboxOf, type NoteBody, readNote, sendNote, unreadOf } from "../support/notes.ts";
import { addMember, addMembers, newOrganization, type Session } from "../support/people.ts";

/** An organization with two people in each of the three roles of ChurnGuard. */
async function office() {
  const organization = await newOrganization();
  const [admin2, marketing, marketing2, technical] = await addMembers(organization, [
    { role: "admin" },
    { role: "marketing_agent", fullName: "Maame Marketing" },
    { role: "marketing_agent" },
    { role: "technical_agent" },
  ]) as [Session, Session, Session, Session];
  return { organization, admin: organization.admin, admin2, marketing, marketing2, technical };
}

Deno.test("The body of ChurnGuard's README reaches the three roles", async () => {
  const { admin, admin2, marketing, technical } = await office();
  const body = {
    title: "Note Title",
    description: "Note content/message",
    recipients: ["admin", "marketing_agent", "technical_agent"],
  };
  const note = expectStatus<NoteBody>(await call(admin, "POST", "/notes/", body), 201);
  assert.deepEqual(
    [
      note.title,
      note.description,
      note.recipients,
      note.is_read,
      note.sender_id,
      note.recipient_count,
    ],
    [body.title, body.description, body.recipients, false, admin.userId, 4],
  );
  assert.equal(note.timestamp, note.created_at);
  for (const person of [admin, admin2, marketing, technical]) {
    assert.deepEqual(await inboxOf(person), ["Note Title"]);
  }
  const sent = await call(admin, "GET", "/notes/sent");
  assert.deepEqual(expectStatus<{ data: NoteBody[] }>(sent, 200).data.map(({ id }) => id), [
    note.id,
  ]);
  assert.deepEqual(
    expectStatus<{ total: number }>(await call(marketing, "GET", "/notes/sent"), 200).total,
    0,
  );
});

Deno.test("A note is read once for all, and by each reader", async () => {
  const { admin, marketing, marketing2 } = await office();
  const { id } = await sendNote(admin, ["marketing_agent"]);
  assert.equal((await unreadOf(marketing)).unread, 1);
  await readNote(marketing, id);
  await readNote(marketing, id);
  const seen = async (person: Session) =>
    expectStatus<NoteBody>(await call(person, "GET", `/notes/${id}`), 200);
  const [mine, theirs, sender] = [await seen(marketing), await seen(marketing2), await seen(admin)];
  assert.deepEqual([mine.is_read, mine.read_by_me, mine.readers], [true, true, null]);
  assert.deepEqual([theirs.is_read, theirs.read_by_me], [true, false]);
  assert.deepEqual([sender.is_read, sender.read_by_me, sender.read_count, sender.recipient_count], [
    true,
    null,
    1,
    2,
  ]);
  assert.deepEqual(sender.readers?.map(({ name }) => name), ["Maame Marketing"]);
  assert.deepEqual([(await unreadOf(marketing)).unread, (await unreadOf(marketing2)).unread], [
    0,
    1,
  ]);
  assert.deepEqual([
    await inboxOf(marketing, "?unread=true"),
    await inboxOf(marketing2, "?unread=true"),
  ], [
    [],
    ["Reconnections"],
  ]);
  expectProblem(await call(admin, "POST", `/notes/${id}/read`), 409, "not_a_recipient");
});

Deno.test("When two open a note at once, one of them was the first", async () => {
  const { admin, marketing, marketing2 } = await office();
  const { id } = await sendNote(admin, ["marketing_agent"]);
  await Promise.all([readNote(marketing, id), readNote(marketing2, id), readNote(marketing, id)]);
  const note = expectStatus<NoteBody>(await call(admin, "GET", `/notes/${id}`), 200);
  assert.equal(note.read_count, 2);
  assert(note.first_read_at !== null);
});

Deno.test("Reading all ends at the note that was seen: what arrives meanwhile stays unread", async () => {
  const { admin, marketing } = await office();
  await sendNote(admin, ["marketing_agent"], { title: "one" });
  const seen = await sendNote(admin, ["marketing_agent"], { title: "two" });
  await sendNote(admin, ["marketing_agent"], { title: "three" });
  const left = expectStatus<{ read: number; unread: number }>(
    await call(marketing, "POST", `/notes/read-all?seen=${seen.id}`),
    200,
  );
  assert.deepEqual([left.read, left.unread], [2, 1]);
  assert.deepEqual(await inboxOf(marketing, "?unread=true"), ["three"]);
});

Deno.test("No note is lost between sending and reading all at the same moment", async () => {
  const { admin, marketing } = await office();
  const titles = Array.from({ length: 8 }, (_, index) => `n${index}`);
  await Promise.all([
    ...titles.map((title) => sendNote(admin, ["marketing_agent"], { title })),
    ...titles.map(() => call(marketing, "POST", "/notes/read-all")),
  ]);
  const { unread } = await unreadOf(marketing);
  const inbox =
    expectStatus<{ data: NoteBody[] }>(await call(marketing, "GET", "/notes/inbox"), 200).data;
  assert.equal(inbox.filter(({ read_by_me }) => !read_by_me).length, unread);
  assert.equal(
    inbox.filter(({ read_by_me, is_read }) => read_by_me && !is_read).length,
    0,
    "what counts as read was read",
  );
});

Deno.test("Who changes role sees the new role's notes, none of them unread, and no more the old one's", async () => {
  const { organization, admin, marketing, technical } = await office();
  const old = await sendNote(admin, ["marketing_agent"], { title: "for marketing" });
  await sendNote(admin, ["technical_agent"], { title: "for technicians" });
  expectStatus(
    await call(admin, "PATCH", `/users/${marketing.userId}`, { role: "technical_agent" }),
    200,
  );
  assert.deepEqual(await inboxOf(marketing), ["for technicians"]);
  expectProblem(await call(marketing, "GET", `/notes/${old.id}`), 404);
  expectProblem(await call(marketing, "POST", `/notes/${old.id}/read`), 404);
  assert.deepEqual([(await unreadOf(marketing)).unread, (await unreadOf(technical)).unread], [
    0,
    1,
  ]);
  const newcomer = await addMember(organization, "technical_agent");
  assert.deepEqual([(await unreadOf(newcomer)).unread, (await inboxOf(newcomer)).length], [0, 1]);
});

Deno.test("A note that nobody has read can be withdrawn by its sender", async () => {
  const { admin, admin2, marketing } = await office();
  const [one, two] = [
    await sendNote(admin, ["marketing_agent"]),
    await sendNote(admin, ["marketing_agent"]),
  ];
  await readNote(marketing, two.id);
  expectProblem(await call(admin2, "DELETE", `/notes/${one.id}`), 404);
  expectProblem(await call(marketing, "DELETE", `/notes/${one.id}`), 403, "not_the_sender");
  expectProblem(await call(admin, "DELETE", `/notes/${two.id}`), 409, "note_read");
  expectStatus(await call(admin, "DELETE", `/notes/${one.id}`), 204);
  expectProblem(await call(marketing, "GET", `/notes/${one.id}`), 404);
  assert.equal((await unreadOf(marketing)).unread, 0);
});

Deno.test("A note may be about a client, whose name is shown to who may see it", async () => {
  const { organization, admin, marketing } = await office();
  const operator = await addMember(organization, "operator");
  const client = await addClient(admin, { name: "Volta Foods" });
  const { id } = await sendNote(admin, ["marketing_agent", "operator"], { client_id: client.id });
  const seen = async (person: Session) =>
    expectStatus<NoteBody>(await call(person, "GET", `/notes/${id}`), 200);
  const [agent, other] = [await seen(marketing), await seen(operator)];
  assert.deepEqual([agent.client_id, agent.client_name], [client.id, "Volta Foods"]);
  assert.deepEqual([other.client_id, other.client_name], [null, null]);
  const body = {
    title: "x",
    description: "y",
    recipients: ["admin"],
    client_id: crypto.randomUUID(),
  };
  expectProblem(await call(marketing, "POST", "/notes", body), 404);
  expectProblem(await call(operator, "POST", "/notes", { ...body, client_id: client.id }), 403);
});

Deno.test("Readers get a mail unless they do not want it or have read the note", async () => {
  const { organization, admin, marketing, marketing2 } = await office();
  const third = await addMember(organization, "marketing_agent");
  const preferences = { data: [{ kind: "note", email: false }] };
  expectStatus(await call(marketing2, "PUT", "/notifications/preferences", preferences), 200);
  const { id } = await sendNote(admin, ["marketing_agent"]);
  await readNote(third, id);
  await runTask("notify_of_notes");
  const mails = await database()<{ user_id: string; status: string }[]>`
    select user_id, status from public.emails where event_key = ${`note:${id}`}`;
  assert.deepEqual(mails.map(({ user_id }) => user_id), [marketing.userId]);
  const list = expectStatus<{ data: { kind: string; in_app: boolean }[] }>(
    await call(marketing, "GET", "/notifications/preferences"),
    200,
  );
  assert.equal(list.data.find(({ kind }) => kind === "note")?.in_app, false);
  const inApp = expectStatus<{ total: number }>(
    await call(marketing, "GET", "/notifications?kind=note"),
    200,
  );
  assert.equal(inApp.total, 0);
});

Deno.test("A repeat of POST /notes with the same Idempotency-Key sends nothing", async () => {
  const { admin, marketing } = await office();
  const headers = { "idempotency-key": `"${crypto.randomUUID()}"` };
  const body = { title: "Once", description: "x", recipients: ["marketing_agent"] };
  for (let twice = 0; twice < 2; twice++) {
    expectStatus(await call(admin, "POST", "/notes", body, headers), 201);
  }
  assert.deepEqual(await inboxOf(marketing), ["Once"]);
});
