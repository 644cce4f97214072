import assert from "node:assert/strict";
import {
  addCampaign,
  addRecipients,
  campaignUntil,
  move,
  newCampaigning,
  ordinaryNumbers,
} from "../support/campaigns.ts";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { until } from "../support/wait.ts";

/** Waits until somebody waits for a lock of this database session. */
const somebodyWaits = (pid: number) =>
  withDatabase((sql) =>
    until(async () => {
      const [row] =
        await sql`select from pg_stat_activity where ${pid} = any (pg_blocking_pids(pid)) limit 1`;
      return row !== undefined;
    }, { what: "somebody who waits for the template" })
  );

Deno.test("A campaign takes marketing templates of its organization only, and says which are not", async () => {
  const [office, other] = await Promise.all([newCampaigning(), newCampaigning()]);
  const service = await call(office.admin, "POST", "/templates", {
    name: "Bill",
    body: "Your bill is ready.",
  });
  const { id } = expectStatus<{ id: string }>(service, 201);
  const fields = {
    name: "x",
    audience: { filter: {} },
    templates: [office.template, id, other.template].map((template_id) => ({ template_id })),
  };
  const { errors } = expectProblem(
    await call(office.admin, "POST", "/campaigns", fields),
    422,
    "invalid_field",
  );
  assert.deepEqual(errors, [
    { path: "templates.1.template_id", message: "is not for marketing" },
    { path: "templates.2.template_id", message: "is not a template of the organization" },
  ]);
  const campaign = await addCampaign(office);
  const change = { templates: [{ template_id: id }], version: campaign.version };
  const refused = await call(office.admin, "PATCH", `/campaigns/${campaign.id}`, change);
  assert.equal(
    expectProblem(refused, 422, "invalid_field").errors?.[0]?.path,
    "templates.0.template_id",
  );
});

Deno.test("A template that is just being deleted gets into no campaign, one that a campaign takes is not deleted", async () => {
  const office = await newCampaigning();
  await withDatabase((sql) =>
    sql.begin(async (deletion) => {
      await deletion`delete from public.templates where id = ${office.template}`;
      const [self] = await deletion<{ pid: number }[]>`select pg_backend_pid() as pid`;
      const made = call(office.admin, "POST", "/campaigns", {
        name: "x",
        audience: { filter: {} },
        templates: [{ template_id: office.template }],
      });
      await somebodyWaits(self?.pid ?? 0);
      return { made };
    }).then(async ({ made }) => expectProblem(await made, 422, "invalid_field"))
  );
  const second = await newCampaigning();
  await addCampaign(second);
  const path = `/templates/${second.template}`;
  expectProblem(await call(second.admin, "DELETE", path), 409, "template_in_use");
  expectProblem(
    await call(second.admin, "PATCH", path, { category: "service", body: "Your bill is ready." }),
    409,
    "template_in_use",
  );
});

Deno.test("A campaign that starts while a wording of its template is taken away gives it to nobody", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  const body = "Come and see us. Reply STOP to end";
  const variants = ["a", "b"].map((label) => ({ label, body, weight: 5 }));
  expectStatus(
    await call(office.admin, "PATCH", `/templates/${office.template}`, { variants }),
    200,
  );
  await addRecipients(office, ordinaryNumbers(30).map((phone) => ({ phone })));
  const campaign = await addCampaign(office);
  const started = await withDatabase((sql) =>
    sql.begin(async (change) => {
      // As PATCH /templates does, which has checked already that no running campaign uses the template.
      await change`select from public.templates where id = ${office.template} for update`;
      await change`delete from public.template_variants where template_id = ${office.template}`;
      const [self] = await change<{ pid: number }[]>`select pg_backend_pid() as pid`;
      const moved = move(office.admin, campaign.id, "start");
      await somebodyWaits(self?.pid ?? 0);
      return { moved };
    })
  );
  await started.moved;
  const { targets, excluded } = await campaignUntil(
    office.admin,
    campaign.id,
    "all",
    ({ status, targets }) => status !== "freezing" && targets.total === 30 && targets.pending === 0,
  );
  assert.deepEqual([targets.sent, excluded], [30, {}]);
});
