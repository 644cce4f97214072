import assert from "node:assert/strict";
import { addClient, move as moveClient } from "../support/clients.ts";
import { previewedClients, startedClients } from "../support/client_import.ts";
import { addCustomer } from "../support/customers.ts";
import { database } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { previewed, started } from "../support/lead_import.ts";
import { addLead, assign, move as moveLead } from "../support/leads.ts";
import { sendNote } from "../support/notes.ts";
import { build, exported } from "../support/reports.ts";
import { letPass, runClocksUntil } from "../support/sla.ts";
import { addTask, changeTask } from "../support/tasks.ts";
import { numberEnding, ordinaryNumber, send, texting } from "../support/texts.ts";
import { handsetSays } from "../support/twilio.ts";
import { csv, processed, upload } from "../support/uploads.ts";
import { expectDescribed, Receiver, subscribe, webhooksPath } from "../support/webhooks.ts";
import { until } from "../support/wait.ts";

type Office = Awaited<ReturnType<typeof texting>>;

async function leads({ organization: { admin } }: Office): Promise<void> {
  const lead = await addLead(admin);
  await assign(admin, lead.id, admin.userId);
  await letPass(database(), [lead.id], 500);
  await runClocksUntil(database(), lead.id, "breached");
  await moveLead(admin, lead.id, "contacted");
  const preview = await previewed(admin, "First name,Phone\nEsi,0244000777\n");
  await started(admin, preview);
}

async function imports({ organization: { admin } }: Office): Promise<void> {
  const clients = "Company,Client since,MRR\nAma Foods,2026-01-05,100\n";
  await startedClients(admin, await previewedClients(admin, clients));
  const sheet = csv("Kofi Mensah,EVT-1001,0244000778,120.50,connected");
  const { upload_id } = await upload(admin, sheet, "customers.csv");
  await processed(admin, { upload_id });
}

async function customers({ organization: { admin } }: Office): Promise<void> {
  const customer = await addCustomer(admin);
  const body = { customer_id: customer.id, action: "disconnect" };
  expectStatus(await call(admin, "POST", "/actions", body), 201);
}

async function texts({ clerk, twilio, organization: { admin } }: Office): Promise<void> {
  await send(clerk, { to: ordinaryNumber() });
  await send(clerk, { to: numberEnding("0003") });
  await handsetSays(ordinaryNumber(), twilio, "Thank you");
  expectStatus(await call(admin, "POST", "/suppressions", { phone: ordinaryNumber() }), 201);
}

async function campaigns({ organization: { id, admin } }: Office): Promise<void> {
  const [campaign] = await database()`
    insert into public.campaigns (organization_id, name, status) values (${id}, 'Open day', 'draft') returning id`;
  expectStatus(await call(admin, "POST", `/campaigns/${campaign?.["id"]}/cancel`), 200);
}

async function work({ organization: { admin } }: Office): Promise<void> {
  const task = await addTask(admin);
  await changeTask(admin, task.id, { status: "done" });
  const client = await addClient(admin);
  await moveClient(admin, client.id, "mrr", { amount: "100.00", currency: "USD" });
  await sendNote(admin, ["admin"]);
  const { report_id } = await build(admin, { fields: ["leads.source"] });
  await exported(admin, report_id, "csv");
}

Deno.test("Every event of the catalogue comes from the change that it is about, as it is described", async () => {
  const office = await texting();
  const { admin } = office.organization;
  await using receiver = new Receiver();
  await subscribe(office.organization, receiver, ["*"]);
  await Promise.all(
    [leads, imports, customers, texts, campaigns, work].map((part) => part(office)),
  );
  const catalogue = expectStatus<{ data: { type: string }[] }>(
    await call(admin, "GET", `${webhooksPath}/events`),
    200,
  );
  const expected = catalogue.data.map(({ type }) => type).filter((type) => type !== "webhook.test");
  const missing = () =>
    expected.filter((wanted) => !receiver.received.some(({ type }) => type === wanted));
  await receiver.waitFor(1);
  await until(() => missing().length === 0, { what: "every event" }).catch((error) => {
    throw new Error(`${error.message} Missing: ${missing()}`);
  });
  assert(expected.length >= 19);
  const kinds = () =>
    receiver.received.filter(({ type }) => type === "import.finished").map(({ data }) =>
      data["kind"]
    );
  await until(() => kinds().length >= 3, { what: "an event of every kind of import" });
  assert.deepEqual(kinds().sort(), ["clients", "customers", "leads"]);
  await expectDescribed(receiver.received);
});
