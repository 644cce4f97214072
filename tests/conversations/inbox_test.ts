import assert from "node:assert/strict";
import {
  type ConversationBody,
  findConversations,
  onlyConversation,
  readThread,
  reply,
} from "../support/conversations.ts";
import { addCustomer } from "../support/customers.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addLead } from "../support/leads.ts";
import { addMember, newOrganization, type Session } from "../support/people.ts";
import { ordinaryNumber, texting } from "../support/texts.ts";
import { handsetSays } from "../support/twilio.ts";

async function act(session: Session, id: string, action: string, body?: unknown) {
  const answer = await call(session, "POST", `/conversations/${id}/${action}`, body);
  return expectStatus<ConversationBody>(answer, 200);
}

const notices = async (session: Session) =>
  expectStatus<{ data: { kind: string; data: { conversation_id?: string } }[] }>(
    await call(session, "GET", "/notifications?limit=50"),
    200,
  ).data.filter(({ kind }) => kind === "conversation");

Deno.test("a closed conversation opens with the next text, in or out", async () => {
  const { clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "Hello");
  const { id } = await onlyConversation(clerk);
  for (let times = 0; times < 2; times++) {
    const closed = await act(clerk, id, "close");
    assert.deepEqual([closed.status, closed.closed_by], ["closed", clerk.userId]);
  }
  assert.equal((await findConversations(clerk, "?status=open")).total, 0);
  await handsetSays(handset, twilio, "Still there?");
  assert.equal((await onlyConversation(clerk)).status, "open");
  await act(clerk, id, "close");
  await reply(clerk, id, "Yes");
  assert.equal((await findConversations(clerk, "?status=open")).total, 1);
  await act(clerk, id, "close");
  assert.equal((await act(clerk, id, "reopen")).closed_by, null);
});

Deno.test("reading clears what was on the screen, not what came after", async () => {
  const { clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "One");
  const { id } = await onlyConversation(clerk);
  const shown = (await readThread(clerk, id)).messages[0]?.message_id;
  await handsetSays(handset, twilio, "Two");
  assert.equal((await act(clerk, id, `read?until=${shown}`)).unread, 1);
  assert.equal((await findConversations(clerk, "?unread=true")).total, 1);
  assert.equal((await act(clerk, id, "read")).unread, 0);
  assert.equal((await act(clerk, id, `read?until=${shown}`)).unread, 0, "unread does not grow");
  assert.equal((await findConversations(clerk, "?unread=true")).total, 0);
  assert.equal((await findConversations(clerk, "?unread=false")).total, 1);
});

Deno.test("the new assignee of a conversation is notified once, and of the first unread text", async () => {
  const { organization, clerk, twilio } = await texting();
  const colleague = await addMember(organization, "operator");
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "Hello");
  const { id } = await onlyConversation(clerk);
  for (let times = 0; times < 2; times++) {
    const given = await act(clerk, id, "assign", { assigned_to: colleague.userId });
    assert.equal(given.assigned_to, colleague.userId);
  }
  assert.equal((await notices(colleague)).length, 1);
  await act(colleague, id, "read");
  await handsetSays(handset, twilio, "One");
  await handsetSays(handset, twilio, "Two");
  const told = await notices(colleague);
  assert.equal(told.length, 2);
  assert.ok(told.every(({ data }) => data.conversation_id === id));
  assert.equal((await notices(clerk)).length, 0);
  assert.equal((await findConversations(colleague, "?assigned_to=me")).total, 1);
  assert.equal((await findConversations(clerk, "?assigned_to=me")).total, 0);
  assert.equal((await findConversations(clerk, `?assigned_to=${colleague.userId}`)).total, 1);
  assert.equal((await findConversations(clerk, "?assigned_to=none")).total, 0);
  await act(clerk, id, "assign", { assigned_to: null });
  assert.equal((await findConversations(clerk, "?assigned_to=none")).total, 1);
});

Deno.test("a conversation goes to members who may see it, and leaves with none", async () => {
  const { organization, clerk, twilio } = await texting();
  await handsetSays(ordinaryNumber(), twilio, "Hello");
  const { id } = await onlyConversation(clerk);
  const stranger = (await newOrganization({ name: "Other" })).admin;
  const counselor = await addMember(organization, "counselor");
  for (const assigned_to of [stranger.userId, counselor.userId, crypto.randomUUID()]) {
    const answer = await call(clerk, "POST", `/conversations/${id}/assign`, { assigned_to });
    assert.equal(expectProblem(answer, 422).errors?.[0]?.path, "assigned_to");
  }
  for (const body of [{}, { assigned_to: "nobody" }]) {
    expectProblem(await call(clerk, "POST", `/conversations/${id}/assign`, body), 422);
  }
  const leaver = await addMember(organization, "operator");
  await act(clerk, id, "assign", { assigned_to: leaver.userId });
  expectStatus(
    await call(organization.admin, "DELETE", `/users/${leaver.userId}?reassign_to=none`),
    204,
  );
  assert.equal((await onlyConversation(clerk)).assigned_to, null);
});

Deno.test("a conversation belongs to the newest lead and customer with its number", async () => {
  const { organization, twilio } = await texting();
  const { admin } = organization;
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "Hello");
  assert.equal((await onlyConversation(admin)).lead_id, null);
  const lead = await addLead(admin, { first_name: "Efua", last_name: "Quartey", phone: handset });
  assert.equal((await onlyConversation(admin)).lead_id, lead.id);
  const customer = await addCustomer(admin, { name: "Kojo Ansah", phone: handset });
  const known = await onlyConversation(admin);
  assert.deepEqual([known.lead_name, known.customer_name], ["Efua Quartey", "Kojo Ansah"]);
  assert.equal(known.customer_id, customer.id);
  const written = await reply(admin, known.id, "Dear {{name}}");
  const thread = await readThread(admin, known.id);
  assert.equal(thread.messages[0]?.message, "Dear Efua Quartey");
  assert.equal(written.status, "queued");
  for (const search of ["quart", "Kojo", handset.slice(-6), `0${handset.slice(4)}`]) {
    const found = await findConversations(admin, `?search=${encodeURIComponent(search)}`);
    assert.equal(found.total, 1, search);
  }
  assert.equal((await findConversations(admin, "?search=nobody%25")).total, 0);
  assert.equal((await findConversations(admin, `?lead_id=${lead.id}`)).total, 1);
  // The operator may see customers, but not leads.
  const clerk = await addMember(organization, "operator");
  const seen = await onlyConversation(clerk);
  assert.deepEqual([seen.lead_id, seen.lead_name, seen.customer_name], [null, null, "Kojo Ansah"]);
  assert.equal((await findConversations(clerk, "?search=quart")).total, 0);
  expectStatus(await call(admin, "DELETE", `/leads/${lead.id}`), 204);
  assert.equal((await onlyConversation(admin)).lead_id, null);
  expectStatus(await call(admin, "POST", `/leads/${lead.id}/restore`), 200);
  assert.equal((await onlyConversation(admin)).lead_id, lead.id);
});

Deno.test("a conversation stays with its person when leads are merged", async () => {
  const { organization: { admin }, twilio } = await texting();
  const [handset, other] = [ordinaryNumber(), ordinaryNumber()];
  const older = await addLead(admin, { first_name: "Ama", phone: other });
  const newer = await addLead(admin, { first_name: "Ama", phone: handset });
  await handsetSays(handset, twilio, "Hello");
  assert.equal((await onlyConversation(admin)).lead_id, newer.id);
  expectStatus(
    await call(admin, "POST", `/leads/${older.id}/merge`, { duplicate_id: newer.id }),
    200,
  );
  assert.equal((await onlyConversation(admin)).lead_id, older.id);
  await handsetSays(handset, twilio, "Me again");
  assert.equal((await onlyConversation(admin)).lead_id, older.id);
});

Deno.test("GET /conversations refuses what is no filter", async () => {
  const { clerk } = await texting();
  for (
    const query of ["?status=waiting", "?assigned_to=me2", "?unread=1", "?limit=0", "?lead_id=x"]
  ) {
    expectProblem(await call(clerk, "GET", `/conversations${query}`), 422);
  }
  expectProblem(await call(clerk, "GET", "/conversations/not-an-id"), 422);
  expectProblem(await call(clerk, "GET", `/conversations/${crypto.randomUUID()}`), 404);
});
