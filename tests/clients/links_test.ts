import assert from "node:assert/strict";
import { addClient, type ClientBody } from "../support/clients.ts";
import { withDatabase } from "../support/db.ts";
import { call, type Caller, expectProblem, expectStatus } from "../support/http.ts";
import { addLead } from "../support/leads.ts";
import { addMember, newOrganization } from "../support/people.ts";

interface LinksBody {
  customers: {
    customer_id: string;
    state: string;
    source: string | null;
    matched_by: string | null;
  }[];
  leads: { lead_id: string; state: string; source: string | null; matched_by: string | null }[];
  hidden: number;
}

const links = async (session: Caller, id: string): Promise<LinksBody> =>
  expectStatus(await call(session, "GET", `/clients/${id}/links`), 200);

async function addCustomer(
  session: Caller,
  account_number: string,
  phone: string,
): Promise<string> {
  const body = { name: "Ama Mensah", account_number, phone };
  return expectStatus<{ id: string }>(await call(session, "POST", "/customers", body), 201).id;
}

Deno.test("A client is linked to the one customer and lead that match, the account number before the phone", async () => {
  const { admin } = await newOrganization();
  const [byAccount] = [
    await addCustomer(admin, "A-1", "0244200001"),
    await addCustomer(admin, "A-2", "0244200002"),
  ];
  const lead = await addLead(admin, { phone: "0244200002" });
  const { id } = await addClient(admin, { account_number: "a-1", phone: "0244200002" });
  const found = await links(admin, id);
  assert.deepEqual(
    found.customers.filter(({ state }) => state === "linked").map((
      { customer_id, source },
    ) => [customer_id, source]),
    [[byAccount, "automatic"]],
  );
  assert.deepEqual(found.leads.map(({ lead_id, state }) => [lead_id, state]), [[
    lead.id,
    "linked",
  ]]);
  assert.deepEqual(
    found.customers.filter(({ state }) => state === "suggested").map(({ matched_by }) =>
      matched_by
    ),
    ["phone"],
  );
});

Deno.test("Several matches are for a person to choose from, whose choice stays", async () => {
  const { admin } = await newOrganization();
  const one = await addCustomer(admin, "A-1", "0244200003");
  const two = await addCustomer(admin, "A-2", "0244200003");
  const { id } = await addClient(admin, { phone: "0244200003" });
  assert.deepEqual((await links(admin, id)).customers.map(({ state }) => state), [
    "suggested",
    "suggested",
  ]);
  const choose = (choices: unknown[]) =>
    call(admin, "PUT", `/clients/${id}/links`, { links: choices });
  const chosen = expectStatus<LinksBody>(
    await choose([{ customer_id: one, state: "linked" }, { customer_id: two, state: "rejected" }]),
    200,
  );
  const states = (body: LinksBody) =>
    body.customers.map(({ customer_id, state }) => [customer_id, state]);
  assert.deepEqual(states(chosen), [[one, "linked"], [two, "rejected"]]);
  expectStatus(await call(admin, "PUT", `/clients/${id}`, { name: "x", phone: "0244200004" }), 200);
  assert.deepEqual(states(await links(admin, id)), [[one, "linked"], [two, "rejected"]]);
  expectStatus(await choose([{ customer_id: two, state: "none" }]), 200);
  assert.deepEqual(states(await links(admin, id)), [[one, "linked"]]);
  expectProblem(await choose([{ customer_id: crypto.randomUUID(), state: "linked" }]), 422);
  expectProblem(await choose([{ customer_id: one, lead_id: one, state: "linked" }]), 422);
});

Deno.test("An automatic link goes with the number that made it", async () => {
  const { admin } = await newOrganization();
  await addCustomer(admin, "A-1", "0244200005");
  const { id } = await addClient(admin, { phone: "0244200005" });
  assert.equal((await links(admin, id)).customers.length, 1);
  expectStatus(await call(admin, "PUT", `/clients/${id}`, { name: "x" }), 200);
  assert.deepEqual(await links(admin, id), { customers: [], leads: [], hidden: 0 });
});

Deno.test("Who may not see customers and leads is told only that there are some", async () => {
  const organization = await newOrganization();
  const customer = await addCustomer(organization.admin, "A-1", "0244200006");
  await addLead(organization.admin, { phone: "0244200006" });
  const { id } = await addClient(organization.admin, { phone: "0244200006" });
  const agent = await addMember(organization, "marketing_agent");
  assert.deepEqual(await links(agent, id), { customers: [], leads: [], hidden: 2 });
  const choice = { links: [{ customer_id: customer, state: "rejected" }] };
  expectProblem(await call(agent, "PUT", `/clients/${id}/links`, choice), 403, "permission_denied");
});

Deno.test("A lead becomes a client, with its value as the amount if one says so", async () => {
  const { admin } = await newOrganization();
  const lead = await addLead(admin, { first_name: "Ama", last_name: "Mensah", value: "420" });
  const answer = await call(admin, "POST", "/clients", {
    name: "Ama",
    lead_id: lead.id,
    amount_from_lead: true,
  });
  const made = expectStatus<ClientBody>(answer, 201);
  assert.deepEqual([made.name, made.phone, made.mrr], ["Ama", lead.phone, "420.00"]);
  assert.deepEqual(
    (await links(admin, made.id)).leads.map(({ lead_id, source }) => [lead_id, source]),
    [
      [lead.id, "manual"],
    ],
  );
  const missing = await call(admin, "POST", "/clients", {
    name: "x",
    lead_id: crypto.randomUUID(),
  });
  expectProblem(missing, 404, "not_found");
});

Deno.test("A customer that comes later is found at night", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin, { account_number: "LATE-1" });
  const customer = await addCustomer(admin, "LATE-1", "0244200007");
  assert.deepEqual((await links(admin, id)).customers.map(({ state }) => state), ["suggested"]);
  await withDatabase((sql) => sql`select private.link_new_contacts()`);
  assert.deepEqual(
    (await links(admin, id)).customers.map(({ customer_id, state }) => [customer_id, state]),
    [
      [customer, "linked"],
    ],
  );
});
