import { database } from "../support/db.ts";
import { call, expectStatus } from "../support/http.ts";
import { newOrganization, type Organization } from "../support/people.ts";
import { until } from "../support/wait.ts";

const verification = async ({ admin }: Organization) =>
  expectStatus<{ to_seal: number | null }>(
    await call(admin, "GET", "/admin/audit-logs/verify"),
    200,
  );

// Long because the task seals nothing that is younger than a minute.
Deno.test("The task seals without anybody's help, and writers do not wait for it", async () => {
  const organization = await newOrganization();
  expectStatus(await call(organization.admin, "POST", "/admin/teams", { name: "North" }), 201);
  await until(async () => (await verification(organization)).to_seal, {
    timeoutMs: 300_000,
    what: "the first seal",
  });
  await database().begin(async (tx) => {
    await tx`select from private.audit_horizon for update`;
    await tx`select private.seal_audit_logs()`;
    expectStatus(await call(organization.admin, "POST", "/admin/teams", { name: "South" }), 201);
  });
});
