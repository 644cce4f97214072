import assert from "node:assert/strict";
import {
  findConversations,
  onlyConversation,
  readThread,
  reply,
  type WrittenBody,
} from "../support/conversations.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, addMemberWith, newOrganization } from "../support/people.ts";
import { accepted, ordinaryNumber, reaches, send, texting } from "../support/texts.ts";
import { handsetSays, newSid, twilioAccount, twilioPost } from "../support/twilio.ts";

Deno.test("texts from a handset make one thread with the answers to them", async () => {
  const { clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "Is the office open?");
  await handsetSays(handset, twilio, "Hello?");
  const conversation = await onlyConversation(clerk);
  assert.deepEqual(
    [conversation.phone, conversation.sender, conversation.unread, conversation.last_preview],
    [handset, twilio, 2, "Hello?"],
  );
  const written = await reply(clerk, conversation.id, "Until five");
  assert.equal(written.conversation_id, conversation.id);
  await reaches(clerk, written.message_id, "delivered");
  const thread = await readThread(clerk, conversation.id);
  assert.deepEqual(
    thread.messages.map(({ direction, message }) => [direction, message]),
    [["outbound", "Until five"], ["inbound", "Hello?"], ["inbound", "Is the office open?"]],
  );
  assert.equal(thread.last_direction, "outbound");
  assert.ok(thread.messages[0]?.created_by_name);
  const [sent] = await accepted(handset);
  assert.deepEqual([sent?.from, sent?.body], [twilio, "Until five"]);
});

Deno.test("a webhook that comes twice at once counts once", async () => {
  const { clerk, twilio } = await texting();
  const form = {
    ...twilioAccount,
    MessageSid: newSid(),
    From: ordinaryNumber(),
    To: twilio,
    Body: "Hi",
  };
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => twilioPost("/webhooks/twilio/inbound", form)),
  );
  for (const answer of answers) expectStatus(answer, 200);
  const conversation = await onlyConversation(clerk);
  assert.equal(conversation.unread, 1);
  assert.equal((await readThread(clerk, conversation.id)).messages.length, 1);
});

Deno.test("twenty texts at once are one conversation with twenty unread", async () => {
  const { clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => handsetSays(handset, twilio, `Number ${n}`)),
  );
  const conversation = await onlyConversation(clerk);
  assert.equal(conversation.unread, 20);
  assert.equal((await readThread(clerk, conversation.id)).messages.length, 20);
});

Deno.test("a thread is read page by page, and nothing is shown twice", async () => {
  const { clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  for (let n = 1; n <= 5; n++) await handsetSays(handset, twilio, `${n}`);
  const { id } = await onlyConversation(clerk);
  await reply(clerk, id, "6");
  const seen: string[] = [];
  let before: string | null = "";
  while (before !== null) {
    const query: string = before === "" ? "?limit=2" : `?limit=2&before=${before}`;
    const page = await readThread(clerk, id, query);
    assert.ok(page.messages.length <= 2);
    seen.push(...page.messages.map(({ message }) => message));
    before = page.next_before;
  }
  assert.deepEqual(seen, ["6", "5", "4", "3", "2", "1"]);
});

Deno.test("pictures are kept and shown, and a text that is only one has a preview", async () => {
  const { clerk, twilio } = await texting();
  const url = "https://api.twilio.example/Media/ME1";
  await handsetSays(ordinaryNumber(), twilio, "", {
    NumMedia: "1",
    MediaUrl0: url,
    MediaContentType0: "image/jpeg",
  });
  const conversation = await onlyConversation(clerk);
  assert.equal(conversation.last_preview, "[media]");
  assert.deepEqual((await readThread(clerk, conversation.id)).messages[0]?.media, [url]);
});

Deno.test("texts that were sent otherwise belong to the thread; only a person's begin one", async () => {
  const { clerk, twilio } = await texting();
  const [handset, other] = [ordinaryNumber(), ordinaryNumber()];
  const recipients = [{ to: handset }, { to: other }];
  const bulk = { message: "To all", recipients, sender_id: twilio };
  expectStatus(await call(clerk, "POST", "/sms/send-bulk", bulk), 202);
  assert.equal((await findConversations(clerk)).total, 0);
  await send(clerk, { to: handset, sender_id: twilio, message: "To you" });
  const conversation = await onlyConversation(clerk);
  const thread = await readThread(clerk, conversation.id);
  assert.deepEqual(thread.messages.map(({ message }) => message), ["To you", "To all"]);
});

Deno.test("a text to a number that opted out is suppressed, and the thread says so", async () => {
  const { clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "STOP");
  const { id } = await onlyConversation(clerk);
  assert.equal((await readThread(clerk, id)).opted_out, true);
  const written = await reply(clerk, id, "But why?");
  assert.deepEqual([written.status, written.waits_for], ["suppressed", null]);
  assert.ok(!(await accepted(handset)).some(({ body }) => body === "But why?"));
});

Deno.test("a text waits while a person must decide whether the number opted out", async () => {
  const { organization, clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "wrong number");
  const { id } = await onlyConversation(clerk);
  assert.equal((await readThread(clerk, id)).awaits_review, true);
  const written = await reply(clerk, id, "Sorry");
  assert.deepEqual([written.status, written.waits_for], ["queued", "review"]);
  const [review] = await withDatabase((sql) =>
    sql`select id from public.reply_reviews where organization_id = ${organization.id}`
  );
  const decided = await organization.admin.client.rpc("decide_reply_review", {
    organization_id: organization.id,
    review_id: String(review?.["id"]),
    decision: "dismissed",
  });
  assert.equal(decided.error, null);
  await withDatabase((sql) => sql`select private.invoke('jobs/dispatch-messages', '{}'::jsonb)`);
  await reaches(clerk, written.message_id, "delivered");
});

Deno.test("a text in quiet hours waits for their end", async () => {
  const { organization, clerk, twilio } = await texting();
  await withDatabase((sql) =>
    sql`update public.organizations set time_zone = 'UTC',
      quiet_hours_start = (now() at time zone 'UTC' - interval '1 hour')::time,
      quiet_hours_end = (now() at time zone 'UTC' + interval '2 hours')::time
      where id = ${organization.id}`
  );
  await handsetSays(ordinaryNumber(), twilio, "Hello");
  const { id } = await onlyConversation(clerk);
  const written = await reply(clerk, id, "Good night");
  assert.equal(written.waits_for, "quiet_hours");
  assert.ok(Date.parse(written.send_after) > Date.now() + 3_600_000);
});

Deno.test("a first text keeps the hours of the recipient's place, an answer those of the office", async () => {
  const { organization, clerk, twilio } = await texting();
  const phone = `+1808555${String(Math.floor(Math.random() * 10_000)).padStart(4, "0")}`;
  // Quiet where the clocks show what they show in Hawaii now, which is not what they show at the office.
  await withDatabase((sql) =>
    sql`update public.organizations set time_zone = 'UTC',
      quiet_hours_start = (now() at time zone 'Pacific/Honolulu' - interval '1 hour')::time,
      quiet_hours_end = (now() at time zone 'Pacific/Honolulu' + interval '1 hour')::time
      where id = ${organization.id}`
  );
  const body = { to: phone, message: "Good day" };
  const early = expectStatus<WrittenBody>(
    await call(clerk, "POST", "/conversations", { ...body, sender_id: twilio }),
    202,
  );
  assert.equal(early.waits_for, "quiet_hours");
  assert.ok(Date.parse(early.send_after) > Date.now());
  await handsetSays(phone, twilio, "Hello, are you there?");
  const answer = expectStatus<WrittenBody>(await call(clerk, "POST", "/conversations", body), 202);
  assert.equal(answer.conversation_id, early.conversation_id);
  assert.equal(answer.waits_for, null);
});

Deno.test("POST /conversations goes on with the thread that there is, on its number", async () => {
  const { clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "Hello");
  const { id } = await onlyConversation(clerk);
  const start = async (body: unknown) =>
    expectStatus<WrittenBody>(await call(clerk, "POST", "/conversations", body), 202);
  assert.equal((await start({ to: handset, message: "Good day" })).conversation_id, id);
  const fresh = await start({ to: "0244 123 456", message: "A first text", sender_id: twilio });
  assert.notEqual(fresh.conversation_id, id);
  assert.equal((await readThread(clerk, fresh.conversation_id)).phone, "+233244123456");
  for (
    const [body, path] of [
      [{ to: "12", message: "x" }, "to"],
      [{ to: handset, message: " " }, "message"],
      [{ to: handset, message: "x".repeat(1601) }, "message"],
      [{ to: handset, message: "{{unknown}}" }, "message"],
      [{ to: handset, message: "{{name}}" }, "message"],
      [{ to: handset, message: "x", sender_id: "+15550000000" }, "sender_id"],
    ] as const
  ) {
    const problem = expectProblem(await call(clerk, "POST", "/conversations", body), 422);
    assert.equal(problem.errors?.[0]?.path, path, JSON.stringify(problem));
  }
});

Deno.test("the same Idempotency-Key sends one text", async () => {
  const { clerk, twilio } = await texting();
  await handsetSays(ordinaryNumber(), twilio, "Hello");
  const { id } = await onlyConversation(clerk);
  const key = { "idempotency-key": `"${crypto.randomUUID()}"` };
  const again = async () =>
    expectStatus<WrittenBody>(
      await call(clerk, "POST", `/conversations/${id}/messages`, { message: "Once" }, key),
      202,
    ).message_id;
  assert.equal(await again(), await again());
  assert.equal((await readThread(clerk, id)).messages.length, 2);
});

Deno.test("a reply needs a number that is still in use", async () => {
  const { organization, clerk, twilio } = await texting();
  await handsetSays(ordinaryNumber(), twilio, "Hello");
  const { id } = await onlyConversation(clerk);
  await organization.admin.client.from("sms_accounts").update({ status: "disabled" })
    .eq("sender_id", twilio);
  expectProblem(
    await call(clerk, "POST", `/conversations/${id}/messages`, { message: "x" }),
    409,
    "no_sender",
  );
});

Deno.test("another organization's conversation is not there, and roles do what they may", async () => {
  const { organization, twilio } = await texting();
  await handsetSays(ordinaryNumber(), twilio, "Hello");
  const { id } = await onlyConversation(organization.admin);
  const other = (await newOrganization({ name: "Other" })).admin;
  const viewer = await addMember(organization, "viewer");
  const counselor = await addMember(organization, "counselor");
  const routes = [
    ["GET", `/conversations/${id}`, undefined, 200],
    ["POST", `/conversations/${id}/messages`, { message: "x" }, 403],
    ["POST", `/conversations/${id}/assign`, { assigned_to: null }, 403],
    ["POST", `/conversations/${id}/close`, undefined, 403],
    ["POST", `/conversations/${id}/reopen`, undefined, 403],
    ["POST", `/conversations/${id}/read`, undefined, 403],
  ] as const;
  for (const [method, path, body, viewed] of routes) {
    expectProblem(await call(other, method, path, body), 404, "not_found");
    expectStatus(await call(viewer, method, path, body), viewed);
    expectProblem(await call(counselor, method, path, body), 403, "permission_denied");
  }
  assert.equal((await findConversations(other)).total, 0);
  // Who may send, but not see conversations, cannot find out about one by writing in it.
  const sender = await addMemberWith(organization, ["messages:send"]);
  expectProblem(
    await call(sender, "POST", `/conversations/${id}/messages`, { message: "x" }),
    403,
    "permission_denied",
  );
});
