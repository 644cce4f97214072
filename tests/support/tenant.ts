import { withDatabase } from "./db.ts";
import { call, expectStatus } from "./http.ts";
import { importedClients, previewedClients } from "./client_import.ts";
import { addClient, move } from "./clients.ts";
import { ended, previewed, started } from "./lead_import.ts";
import { notify } from "./mail.ts";
import { sendNote } from "./notes.ts";
import { build, ended as runEnded, exportReport } from "./reports.ts";
import { newOrganization, newTeam, type Organization, uniqueEmail } from "./people.ts";

/** An organization with one of everything, and the ids by the names that parameters and bodies give them. */
export interface Tenant extends Organization {
  ids: Record<string, string>;
}

const customers = [{
  name: "Ama Mensah",
  account_number: "00412-7",
  phone: "+233244123456",
  arrears: "12.50",
}];

async function created<T>(organization: Organization, path: string, body: unknown): Promise<T> {
  const answer = await call(organization.admin, "POST", path, body);
  return expectStatus<T>(answer, path === "/sms/send" ? 202 : 201);
}

/** The id of the newest row of a list. */
async function firstOf(organization: Organization, path: string): Promise<string> {
  const answer = await call(organization.admin, "GET", path);
  const page = expectStatus<{ data: { id: string }[] }>(answer, 200);
  return page.data[0]?.id ?? "";
}

/** Makes an organization that has a row of every kind the API names by id. */
export async function newTenant(name: string): Promise<Tenant> {
  const organization = await newOrganization({ name });
  const customer = await customersOf(organization, name);
  const lead = await leadsOf(organization, name);
  const people = await peopleOf(organization, name);
  const privacy = await call(organization.admin, "POST", "/admin/privacy/requests", {
    kind: "export",
    lead_id: lead.lead_id,
  });
  const webhook = await webhookOf(organization, name);
  const campaign = await created<{ id: string }>(organization, "/campaigns", {
    name: `${name} campaign`,
    audience: { lead_ids: [lead.lead_id] },
  });
  const suppressions = await suppressionsOf(organization, name, customer.message_id);
  const log = await call(organization.admin, "GET", "/audit-logs?resource=customers");
  const client = await clientOf(organization, name);
  const note = await sendNote(organization.admin, ["admin"], { title: `${name} note` });
  const report = await reportOf(organization, name);
  const ids = {
    // Types of integrations are everybody's; this is none.
    type: "fax",
    ...customer,
    ...lead,
    ...people,
    ...webhook,
    ...suppressions,
    ...client,
    ...report,
    note_id: note.id,
    request_id: expectStatus<{ id: string }>(privacy, 202).id,
    notification_id: await firstOf(organization, "/notifications"),
    email_id: await firstOf(organization, "/notifications/emails"),
    audit_log_id: expectStatus<{ logs: { id: string }[] }>(log, 200).logs[0]?.id ?? "",
    phone_number_id: await firstOf(organization, "/phone-numbers"),
    campaign_id: campaign.id,
  };
  return { ...organization, ids };
}

/** A customer with an action, batch, upload, message, template and conversation. */
async function customersOf(organization: Organization, name: string) {
  const customer = await created<{ id: string }>(organization, "/customers", {
    ...customers[0],
    account_number: "1",
    name: `${name} customer`,
  });
  const action = { customer_id: customer.id, action: "warn", note: `${name} note` };
  await created(organization, "/actions", action);
  const batch = await created<{ batch_id: string }>(organization, "/upload/process-batch", {
    customers,
  });
  const text = { customer_id: customer.id, message: `${name} text` };
  const message = await created<{ message_id: string }>(organization, "/sms/send", text);
  const file = new FormData();
  file.append(
    "file",
    new File(["name,account number,phone,arrears\nKofi,77,0244123457,5\n"], `${name}.csv`),
  );
  const upload = await created<{ upload_id: string }>(organization, "/upload/excel", file);
  const conversation = await call(organization.admin, "POST", "/conversations", {
    to: "+233244123459",
    message: `${name} conversation`,
  });
  const template = await created<{ id: string }>(organization, "/templates", {
    name: `${name} template`,
    body: "Dear {{name}}, we are closed on Friday.",
  });
  return {
    customer_id: customer.id,
    batch_id: batch.batch_id,
    message_id: message.message_id,
    upload_id: upload.upload_id,
    conversation_id: expectStatus<{ conversation_id: string }>(conversation, 202).conversation_id,
    template_id: template.id,
  };
}

/** A lead with a student and a task, and an import without leads. */
async function leadsOf(organization: Organization, name: string) {
  const lead = await created<{ id: string }>(organization, "/leads", {
    first_name: `${name} lead`,
    phone: "+233244123458",
  });
  const students = `/leads/${lead.id}/students`;
  const student = await created<{ id: string }>(organization, students, {
    first_name: `${name} student`,
  });
  await notify([organization.admin], { kind: "system", title: `${name} notice` });
  const task = await created<{ id: string }>(organization, "/tasks", {
    title: `${name} task`,
    lead_id: lead.id,
  });
  // A row that becomes no lead: what a tenant has must not change later.
  const leads = await previewed(organization.admin, "name,phone\n,12\n");
  const importId = await started(organization.admin, leads);
  await ended(organization.admin, importId);
  return { lead_id: lead.id, student_id: student.id, task_id: task.id, import_id: importId };
}

/** A team, an invitation, a role and an API key. */
async function peopleOf(organization: Organization, name: string) {
  const invitation = await created<{ id: string }>(organization, "/users", {
    email: uniqueEmail(name.toLowerCase()),
    role: "viewer",
    send_invite: false,
  });
  const role = await created<{ id: string }>(organization, "/admin/roles", {
    name: `${name} role`,
    permissions: {},
  });
  const key = await created<{ id: string }>(organization, "/admin/integrations/api-keys", {
    name: `${name} key`,
    role: "viewer",
  });
  return {
    user_id: organization.admin.userId,
    team_id: await newTeam(organization),
    invitation_id: invitation.id,
    role_id: role.id,
    api_key_id: key.id,
  };
}

/** A suppression, a rule for replies, a do-not-call list, and a review of this message. */
async function suppressionsOf(organization: Organization, name: string, message: string) {
  const suppression = await created<{ id: string }>(organization, "/suppressions", {
    phone: "+233244123459",
  });
  const rule = await created<{ id: string }>(organization, "/suppressions/rules", {
    kind: "keyword",
    meaning: "stop",
    pattern: `${name} gyae`,
  });
  const list = new FormData();
  list.append("name", `${name} list`);
  list.append("kind", "internal");
  list.append("file", new File(["+233244123460"], "list.txt"));
  const dncList = await created<{ id: string }>(organization, "/suppressions/dnc-lists", list);
  const review = await withDatabase((sql) =>
    sql`insert into public.reply_reviews (organization_id, phone, message_id)
      values (${organization.id}, '+233244123461', ${message}) returning id`
  );
  return {
    suppression_id: suppression.id,
    rule_id: rule.id,
    dnc_list_id: dncList.id,
    review_id: String(review[0]?.["id"]),
  };
}

/** A client that pays, with a contact, an issue and a recommendation. */
async function clientOf(organization: Organization, name: string): Promise<Record<string, string>> {
  const { id } = await addClient(organization.admin, { name: `${name} client` });
  const path = `/clients/${id}`;
  const contact = await created<{ id: string }>(organization, `${path}/contacts`, { name: "Ama" });
  const issue = await created<{ id: string }>(organization, `${path}/issues`, {
    title: "No light",
  });
  await move(organization.admin, id, "mrr", { amount: "120.00" });
  const recommendation = await created<{ id: string }>(organization, `${path}/recommendations`, {
    title: `${name} recommendation`,
  });
  // A row that becomes no client, and a file that waits.
  const clients = await importedClients(organization.admin, "name,region\n,North\n");
  const waiting = await previewedClients(organization.admin, "name\nKofi\n");
  return {
    client_import_id: clients.id,
    client_upload_id: waiting.upload_id,
    client_id: id,
    contact_id: contact.id,
    issue_id: issue.id,
    movement_id: await firstOf(organization, `${path}/movements`),
    recommendation_id: recommendation.id,
    play_id: await firstOf(organization, "/clients/plays"),
  };
}

/** A paused webhook with a delivery that waits: what a tenant has must not change by itself. */
async function webhookOf(
  organization: Organization,
  name: string,
): Promise<Record<string, string>> {
  const path = "/admin/integrations/webhooks";
  const { id } = await created<{ id: string }>(organization, path, {
    url: "http://127.0.0.1:9999/hook",
    description: `${name} webhook`,
    events: ["note.sent"],
  });
  expectStatus(await call(organization.admin, "PATCH", `${path}/${id}`, { status: "paused" }), 200);
  const delivery = await withDatabase((sql) =>
    sql`select (private.queue_webhook_test(e)).id from public.webhook_endpoints e where e.id = ${id}`
  );
  return { webhook_id: id, delivery_id: String(delivery[0]?.["id"]) };
}

/** A report with a file, and a link to that. */
async function reportOf(organization: Organization, name: string): Promise<Record<string, string>> {
  const { admin } = organization;
  const { report_id } = await build(admin, {
    name: `${name} report`,
    fields: ["leads.first_name"],
  });
  const run_id = await exportReport(admin, report_id, "csv");
  await runEnded(admin, run_id);
  await call(admin, "PATCH", "/reports/settings", { outside_links: true });
  const link = await created<{ id: string }>(organization, `/reports/runs/${run_id}/links`, {});
  const schedule = await created<{ id: string }>(organization, "/reports/schedule", {
    report_id,
    frequency: "daily",
    time: "07:30",
    recipients: [admin.email],
    format: "csv",
  });
  return { report_id, run_id, link_id: link.id, scheduled_id: schedule.id };
}

const singular = (segment: string): string =>
  segment.replace(/ies$/, "y").replace(/(?<=ch|s)es$|s$/, "");

/** The path with the tenant's own ids in it. `{id}` is the id of what the segment before it names. */
export function pathOf(tenant: Tenant, path: string): string {
  return path.replace(/([\w-]+)\/\{(\w+)\}/g, (_whole, segment: string, parameter: string) => {
    const area = path.startsWith("/clients/import") ? "client_" : "";
    const name = parameter === "id"
      ? `${area}${singular(segment).replaceAll("-", "_")}_id`
      : parameter;
    const id = tenant.ids[name];
    if (id === undefined) {
      throw new Error(`No tenant of the tests has a ${name}: add one to tests/support/tenant.ts.`);
    }
    return `${segment}/${id}`;
  });
}
