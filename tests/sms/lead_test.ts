import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addLead } from "../support/leads.ts";
import { newOffice } from "../support/office.ts";
import { addMember, addMemberWith } from "../support/people.ts";
import { accepted, ordinaryNumber, type QueuedBody, reaches, send } from "../support/texts.ts";

Deno.test("POST /sms/send to a lead goes to its number with its name, and is the lead's message", async () => {
  const office = await newOffice();
  const campaigner = await addMember(office, "campaign_manager");
  const phone = ordinaryNumber();
  const lead = await addLead(office.counselor, { first_name: "Ama {{organization}}", phone });
  const message = "Dear {{ name }}, welcome to {{organization}}.";
  const { message_id } = await send(campaigner, { lead_id: lead.id, message });
  await reaches(campaigner, message_id, "delivered");
  const [text] = await accepted(phone);
  assert.equal(text?.body, "Dear Ama {{organization}} Mensah, welcome to Test Utility.");
  await withDatabase(async (sql) => {
    const [row] =
      await sql`select lead_id, customer_id from public.messages where id = ${message_id}`;
    assert.deepEqual({ ...row }, { lead_id: lead.id, customer_id: null });
    const actions =
      await sql`select from public.customer_actions where organization_id = ${office.id}`;
    assert.equal(actions.length, 0);
  });
  const detail = expectStatus<{ counts: { messages: number } }>(
    await call(office.admin, "GET", `/leads/${lead.id}`),
    200,
  );
  assert.equal(detail.counts.messages, 1);
});

Deno.test("POST /sms/send to a lead refuses what cannot be sent, and says why", async () => {
  const office = await newOffice();
  const { admin } = office;
  const nameless = await addLead(admin, { first_name: "", last_name: "" });
  const numberless = await addLead(admin, { phone: null });
  const lead = await addLead(admin);
  const sends = (body: unknown, session = admin) => call(session, "POST", "/sms/send", body);
  expectProblem(await sends({ lead_id: numberless.id, message: "Hi" }), 422, "no_phone");
  const variables = await sends({ lead_id: lead.id, message: "You owe {{arrears}}." });
  expectProblem(variables, 422, "missing_variable");
  const hole = await sends({ lead_id: nameless.id, message: "Dear {{name}}" });
  expectProblem(hole, 422, "missing_variable");
  expectStatus<QueuedBody>(await sends({ lead_id: nameless.id, message: "Hello" }), 202);
  const both = await sends({ lead_id: lead.id, to: "0244123456", message: "Hi" });
  expectProblem(both, 422, "invalid_field");
  expectProblem(await sends({ message: "Hi" }), 422, "invalid_field");
  const deleted = await addLead(admin);
  expectStatus(await call(admin, "DELETE", `/leads/${deleted.id}`), 204);
  for (const lead_id of [deleted.id, crypto.randomUUID()]) {
    expectProblem(await sends({ lead_id, message: "Hi" }), 404, "not_found");
  }
});

Deno.test("Who may send but not see the lead gets a 404, as for one that is not there", async () => {
  const [office, theirs] = [await newOffice(), await newOffice()];
  const lead = await addLead(office.counselor);
  const body = { lead_id: lead.id, message: "Hi" };
  const operator = await addMember(office, "operator");
  const sender = await addMemberWith(office, ["messages:send"]);
  for (const session of [operator, sender, theirs.admin]) {
    expectProblem(await call(session, "POST", "/sms/send", body), 404, "not_found");
  }
  expectProblem(await call(office.counselor, "POST", "/sms/send", body), 403, "permission_denied");
});
