import assert from "node:assert/strict";
import { type Answer, call, expectProblem, expectStatus } from "../support/http.ts";
import { addLead, findLeads, type LeadBody, newLead } from "../support/leads.ts";
import { newOffice } from "../support/office.ts";
import { newOrganization } from "../support/people.ts";
import { ordinaryNumber } from "../support/texts.ts";

/** The 409 of a duplicate, and the lead it points at. */
function existing(answer: Answer): string | undefined {
  const problem = expectProblem(answer, 409, "duplicate_lead");
  return (problem as unknown as { existing_id?: string }).existing_id;
}

Deno.test("POST /leads refuses a number or an address that a lead has, however it is written", async () => {
  const { admin } = await newOrganization();
  const lead = await addLead(admin, { phone: "0244123456", email: "ama@example.com" });
  for (
    const fields of [
      { phone: "+233 24 412 3456" },
      { phone: 244123456, email: "other@example.com" },
      { phone: ordinaryNumber(), email: "AMA@example.com " },
      { phone: null, email: "ama@Example.com" },
    ]
  ) {
    assert.equal(existing(await call(admin, "POST", "/leads", newLead(fields))), lead.id);
  }
  assert.equal((await findLeads(admin)).total, 1);
  await addLead(admin, { phone: ordinaryNumber(), email: "ama@example.org" });
  await addLead((await newOrganization()).admin, { phone: "0244123456", email: "ama@example.com" });
});

Deno.test("A duplicate that the caller may not see is reported without its id", async () => {
  const office = await newOffice();
  const lead = await addLead(office.counselor, { phone: "0244123456" });
  const body = newLead({ phone: "0244123456" });
  const seen = async (session: typeof office.admin) =>
    existing(await call(session, "POST", "/leads", body));
  assert.equal(await seen(office.counselor), lead.id);
  assert.equal(await seen(office.manager), lead.id);
  assert.equal(await seen(office.admin), lead.id);
  for (const session of [office.colleague, office.otherCounselor]) {
    const answer = await call(session, "POST", "/leads", body);
    assert.equal(existing(answer), undefined);
    assert(!JSON.stringify(answer.body).includes(lead.id));
  }
});

Deno.test("allow_duplicate adds a second lead for those who may, and nobody else", async () => {
  const office = await newOffice();
  await addLead(office.counselor, { phone: "0244123456" });
  const path = "/leads?allow_duplicate=true";
  const body = newLead({ phone: "0244123456" });
  expectProblem(await call(office.counselor, "POST", path, body), 403, "permission_denied");
  expectStatus(await call(office.manager, "POST", path, body), 201);
  const odd = await call(office.manager, "POST", "/leads?allow_duplicate=yes", body);
  expectProblem(odd, 422, "invalid_field");
  assert.equal((await findLeads(office.admin, { search: "0244123456" })).total, 2);
});

Deno.test("Of many leads with one number or address at the same moment one is added", async () => {
  const { admin } = await newOrganization();
  for (let round = 0; round < 3; round++) {
    const [phone, email] = [ordinaryNumber(), `${crypto.randomUUID()}@example.com`];
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        call(
          admin,
          "POST",
          "/leads",
          index % 2 ? newLead({ email }) : newLead({ phone, ...(index % 4 ? { email } : {}) }),
        )),
    );
    for (const answer of answers.filter(({ status }) => status !== 201)) existing(answer);
    const added = answers.filter(({ status }) => status === 201).map((a) => a.body as LeadBody);
    assert.equal(added.filter((lead) => lead.phone === phone).length <= 1, true);
    assert.equal(added.filter((lead) => lead.email === email).length <= 1, true);
    assert(added.length >= 1 && added.length <= 2, `${added.length} were added`);
  }
});

Deno.test("PATCH /leads/{id} cannot take another lead's number or address, but keep its own", async () => {
  const office = await newOffice();
  const [mine, theirs] = [
    await addLead(office.counselor, { phone: "0244123456" }),
    await addLead(office.counselor, { phone: "0244123457", email: "ama@example.com" }),
  ];
  const patch = (body: unknown, query = "", session = office.counselor) =>
    call(session, "PATCH", `/leads/${mine.id}${query}`, body);
  assert.equal(existing(await patch({ phone: "0244123457" })), theirs.id);
  assert.equal(existing(await patch({ email: "AMA@example.com" })), theirs.id);
  expectStatus(await patch({ phone: "+233244123456", region: "Volta" }), 200);
  expectProblem(await patch({ phone: "0244123457" }, "?allow_duplicate=true"), 403);
  const allowed = await patch({ phone: "0244123457" }, "?allow_duplicate=true", office.manager);
  expectStatus(allowed, 200);
  // A lead that shares a number by permission can still be changed otherwise.
  expectStatus(await patch({ phone: "0244123457", region: "Oti" }), 200);
});

Deno.test("Two leads that move to one number at the same moment: one does", async () => {
  const { admin } = await newOrganization();
  const leads = await Promise.all(Array.from({ length: 4 }, () => addLead(admin)));
  const phone = ordinaryNumber();
  const answers = await Promise.all(
    leads.map(({ id }) => call(admin, "PATCH", `/leads/${id}`, { phone })),
  );
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  for (const answer of answers.filter(({ status }) => status !== 200)) existing(answer);
});

Deno.test("A deleted lead is nobody's duplicate, but is not restored beside one that came since", async () => {
  const office = await newOffice();
  const gone = await addLead(office.admin, { phone: "0244123456" });
  expectStatus(await call(office.admin, "DELETE", `/leads/${gone.id}`), 204);
  const since = await addLead(office.admin, { phone: "0244123456" });
  const path = `/leads/${gone.id}/restore`;
  assert.equal(existing(await call(office.admin, "POST", path)), since.id);
  expectStatus(await call(office.admin, "POST", `${path}?allow_duplicate=true`), 200);
  assert.equal((await findLeads(office.admin)).total, 2);
});
