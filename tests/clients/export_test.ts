import assert from "node:assert/strict";
import { addClient, move } from "../support/clients.ts";
import { database } from "../support/db.ts";
import { call, type Caller, expectStatus } from "../support/http.ts";
import { addMember, addMemberWith, newOrganization } from "../support/people.ts";
import { withoutTraining } from "../support/recommendations.ts";

Deno.test("GET /clients/export gives the clients that match, formulas escaped", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  await addClient(admin, {
    name: "=1+1",
    amount: 10,
    since: "2026-01-01",
    contacts: [{ name: "Ama", is_primary: true }],
  });
  const { id } = await addClient(admin, { name: "Gone", amount: 5, since: "2026-01-01" });
  await move(admin, id, "churn", { effective_on: "2026-03-01", reason: "price" });
  const file = async (query = "") =>
    expectStatus<string>(await call(admin, "GET", `/clients/export${query}`), 200).trim().split(
      "\r\n",
    );
  const [header, first, second] = await file();
  assert(header?.includes("id,name,segment"), header);
  assert(first?.includes("'=1+1") && first.includes("10.00") && first.includes("Ama"), first);
  assert(second?.includes("churned") && second.includes("2026-03-01,price"), second);
  assert.equal((await file("?status=churned")).length, 2);
  await addClient(admin, { name: "Zoë Ama Mensah", amount: 1, since: "2026-01-01" });
  assert.equal((await file("?search=mensah%20zoe")).length, 2);
  const workbook = await call(admin, "GET", "/clients/export?format=xlsx");
  assert.equal(workbook.status, 200);
  assert(workbook.headers.get("content-disposition")?.includes("clients.xlsx"));
  const exports = await database()`
    select distinct actor_id from public.audit_logs
    where organization_id = ${organization.id} and action = 'exported' and resource = 'clients'`;
  assert.deepEqual(exports.map(({ actor_id }) => actor_id), [admin.userId], "it is audited");
});

Deno.test("The export has the risk of leaving of clients that the caller may read", async () => {
  const organization = await newOrganization();
  await withoutTraining(organization);
  const { id } = await addClient(organization.admin, { name: "Volta", amount: 10 });
  await addClient(organization.admin, { name: "Unscored", amount: 10 });
  await database()`
    update public.client_risks set score = 12.5, band = 'moderate', score_day = '2026-11-30', trend = 'rising'
    where client_id = ${id}`;
  const rows = async (caller: Caller) => {
    const file = expectStatus<string>(await call(caller, "GET", "/clients/export"), 200);
    const [header = "", ...lines] = file.trim().split("\r\n");
    const names = header.split(",");
    return lines.map((line) => {
      const cells = line.split(",");
      return ["score", "band", "probability", "score_day", "trend"].map((name) =>
        cells[names.indexOf(name)]
      );
    });
  };
  const none = ["", "", "", "", ""];
  const risk = ["12.5", "moderate", "0.125", "2026-11-30", "rising"];
  assert.deepEqual(await rows(organization.admin), [risk, none]);
  assert.deepEqual(await rows(await addMember(organization, "marketing_agent")), [risk, none]);
  const exporter = await addMemberWith(organization, ["clients:export"]);
  assert.deepEqual(await rows(exporter), [none, none]);
});
