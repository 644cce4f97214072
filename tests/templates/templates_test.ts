import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, newOrganization } from "../support/people.ts";

interface TemplateBody {
  id: string;
  kind: string;
  category: string;
  name: string;
  body: string;
  variants: { id: string; label: string; body: string; weight: number }[];
}
interface Renderings {
  renderings: {
    label: string | null;
    body: string | null;
    missing: string[];
    segments: number | null;
    encoding: string | null;
    warnings: { code: string; characters?: string[] }[];
  }[];
}

const marketing = (fields: Record<string, unknown> = {}) => ({
  name: "Open day",
  category: "marketing",
  body: "Hi {{ first_name | there }}, doors open Friday. Reply STOP to end.",
  ...fields,
});

Deno.test("A template is stored in its normal form, with its variants, and replaced as a whole", async () => {
  const { admin } = await newOrganization();
  const input = marketing({
    variants: [{ label: "Short", body: "{{full_name}}: Friday. Reply STOP to end.", weight: 3 }, {
      label: "Other",
      body: "Friday! Reply STOP to end.",
    }],
  });
  const headers = { "idempotency-key": crypto.randomUUID() };
  const made = expectStatus<TemplateBody>(
    await call(admin, "POST", "/templates", input, headers),
    201,
  );
  assert.equal(made.body, "Hi {{first_name|there}}, doors open Friday. Reply STOP to end.");
  assert.deepEqual(made.variants.map(({ label, weight }) => [label, weight]), [["Other", 1], [
    "Short",
    3,
  ]]);
  assert.deepEqual((await call(admin, "POST", "/templates", input, headers)).body, made);
  expectProblem(await call(admin, "POST", "/templates", input), 409, "already_exists");
  const short = made.variants.find(({ label }) => label === "Short");
  const changed = expectStatus<TemplateBody>(
    await call(admin, "PATCH", `/templates/${made.id}`, {
      variants: [{ label: "Short", body: "New. Reply STOP to end." }],
    }),
    200,
  );
  assert.deepEqual(changed.variants, [{ ...short, body: "New. Reply STOP to end.", weight: 1 }]);
  assert.deepEqual((await call(admin, "GET", `/templates/${made.id}`)).body, changed);
  const page = expectStatus<{ data: TemplateBody[]; total: number }>(
    await call(admin, "GET", "/templates?category=marketing"),
    200,
  );
  assert.deepEqual(page.data, [changed]);
  expectStatus(await call(admin, "DELETE", `/templates/${made.id}`), 204);
  expectProblem(await call(admin, "GET", `/templates/${made.id}`), 404);
});

Deno.test("Marketing without a way out, with unknown variables or a shortener is refused, in variants too", async () => {
  const { admin } = await newOrganization();
  for (
    const body of [
      "A non-stop sale",
      "{{nobody}} Reply STOP to end",
      "{{first_name Reply STOP to end",
      "See https://bit.ly/x Reply STOP to end",
      "See https://www.tinyurl.com/x Reply STOP to end",
      "END OF SEASON SALE",
      "Hi {{first_name|Reply STOP to end}}, there is a sale",
    ]
  ) {
    const problem = expectProblem(
      await call(admin, "POST", "/templates", marketing({ body })),
      422,
      "invalid_template",
    );
    assert.equal(problem.errors?.[0]?.path, "body", body);
    const variants = [{ label: "ok", body: "Reply STOP to end" }, { label: "bad", body }];
    const refused = await call(admin, "POST", "/templates", marketing({ variants }));
    assert.equal(expectProblem(refused, 422).errors?.[0]?.path, "variants.1.body", body);
  }
  const weights = marketing({ weight: 0 });
  expectProblem(await call(admin, "POST", "/templates", weights), 422, "invalid_field");
  for (const body of ["Dear {{name}}, see bit.ly/x", "Dear {{first_name}}"]) {
    const service = { name: "Closed", body };
    const problem = expectProblem(await call(admin, "POST", "/templates", service), 422);
    assert.deepEqual([problem.code, problem.errors?.[0]?.path], ["invalid_template", "body"], body);
    const variants = [{ label: "ok", body: "Closed" }, { label: "bad", body }];
    const refused = expectProblem(
      await call(admin, "POST", "/templates", { name: "Closed", body: "Closed", variants }),
      422,
      "invalid_template",
    );
    assert.equal(refused.errors?.[0]?.path, "variants.1.body", body);
  }
});

Deno.test("A template becomes marketing with all its wordings or not at all, over each of the APIs", async () => {
  const { id: organization, admin } = await newOrganization();
  const made = expectStatus<TemplateBody>(
    await call(admin, "POST", "/templates", {
      name: "News",
      body: "News. Reply STOP to end.",
      variants: [{ label: "Good", body: "Good. Reply STOP to end." }, {
        label: "Bad",
        body: "Bad.",
      }],
    }),
    201,
  );
  const path = `/templates/${made.id}`;
  const refused = await call(admin, "PATCH", path, { category: "marketing" });
  // In the order in which they are shown.
  assert.equal(
    expectProblem(refused, 422, "invalid_template").errors?.[0]?.path,
    "variants.0.body",
  );
  const { error } = await admin.client.from("templates").update({ category: "marketing" })
    .eq("organization_id", organization).eq("id", made.id);
  assert.equal(error?.code, "42501", "the Data API does not see the variants");
  assert.deepEqual((await call(admin, "GET", path)).body, made);
  const change = { category: "marketing", variants: made.variants.slice(1) };
  const changed = expectStatus<TemplateBody>(await call(admin, "PATCH", path, change), 200);
  assert.deepEqual([changed.category, changed.variants], ["marketing", made.variants.slice(1)]);
});

Deno.test("A rendering shows the text, its cost, what is missing, and which characters make it dear", async () => {
  const { admin } = await newOrganization();
  const made = expectStatus<TemplateBody>(
    await call(
      admin,
      "POST",
      "/templates",
      marketing({
        variants: [{
          label: "Named",
          body: `Olá {{last_name}} — ${"x".repeat(70)} Reply STOP to end.`,
        }],
      }),
    ),
    201,
  );
  const lead = expectStatus<{ id: string }>(
    await call(admin, "POST", "/leads", { first_name: "{{phone}}", phone: "+233244123458" }),
    201,
  );
  const path = `/templates/${made.id}/render`;
  const bare = expectStatus<Renderings>(await call(admin, "POST", path, {}), 200).renderings;
  assert.equal(bare[0]?.body, "Hi there, doors open Friday. Reply STOP to end.");
  assert.deepEqual([bare[0]?.segments, bare[0]?.encoding], [1, "GSM-7"]);
  // The organization's only sender is a name, which cannot receive a STOP.
  assert.deepEqual(bare[0]?.warnings.map(({ code }) => code), ["one_way_sender"]);
  assert.deepEqual([bare[1]?.body, bare[1]?.missing], [null, ["last_name"]]);
  const full = expectStatus<Renderings>(
    await call(admin, "POST", path, { lead_id: lead.id, variables: { last_name: "Mensah" } }),
    200,
  ).renderings;
  assert.equal(
    full[0]?.body,
    "Hi {{phone}}, doors open Friday. Reply STOP to end.",
    "values are no templates",
  );
  assert.deepEqual(
    full[1]?.warnings.map(({ code }) => code),
    ["one_way_sender", "ucs2", "several_segments"],
  );
  assert.deepEqual(full[1]?.warnings[1]?.characters, ["á", "—"]);
  const names = { body: "{{first_name}} ".repeat(4) + "Reply STOP to end.", variants: [] };
  expectStatus(await call(admin, "PATCH", `/templates/${made.id}`, names), 200);
  const long = await call(admin, "POST", path, { variables: { first_name: "x".repeat(400) } });
  assert.deepEqual(
    expectStatus<Renderings>(long, 200).renderings[0]?.warnings.map(({ code }) => code),
    ["one_way_sender", "several_segments", "too_long"],
  );
  expectProblem(await call(admin, "POST", path, { lead_id: crypto.randomUUID() }), 404);
});

Deno.test("A template that a campaign needs stays: all of it while it runs, its variants while it is paused", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const made = expectStatus<TemplateBody>(
    await call(
      admin,
      "POST",
      "/templates",
      marketing({ variants: [{ label: "B", body: "B STOP" }] }),
    ),
    201,
  );
  const state = (status: string) =>
    withDatabase((sql) =>
      sql`
      with c as (insert into public.campaigns (organization_id, name, status)
        values (${organization.id}, 'c', 'draft') returning id)
      insert into public.campaign_templates (organization_id, campaign_id, template_id)
      select ${organization.id}, c.id, ${made.id} from c`.then(() =>
        sql`update public.campaigns set status = ${status} where organization_id = ${organization.id}`
      )
    );
  await state("running");
  const path = `/templates/${made.id}`;
  expectProblem(await call(admin, "PATCH", path, { body: "New. STOP" }), 409, "template_in_use");
  expectProblem(await call(admin, "DELETE", path), 409, "template_in_use");
  expectStatus(await call(admin, "PATCH", path, { name: "Renamed" }), 200);
  await state("paused");
  expectStatus(await call(admin, "PATCH", path, { body: "New. STOP" }), 200);
  expectProblem(await call(admin, "PATCH", path, { variants: [] }), 409, "template_in_use");
  await state("completed");
  expectStatus(await call(admin, "DELETE", path), 204);
});

Deno.test("The texts of a kind stay what they are, and readers and strangers change nothing", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const page = expectStatus<{ data: TemplateBody[] }>(
    await call(admin, "GET", "/templates?kind=warning"),
    200,
  );
  const path = `/templates/${page.data[0]?.id}`;
  expectStatus(await call(admin, "PATCH", path, { body: "Dear {{name}}, pay {{arrears}}." }), 200);
  expectProblem(await call(admin, "PATCH", path, { category: "marketing" }), 422);
  expectProblem(await call(admin, "DELETE", path), 409, "template_of_kind");
  const viewer = await addMember(organization, "viewer");
  expectStatus(await call(viewer, "GET", path), 200);
  expectProblem(await call(viewer, "PATCH", path, { name: "x" }), 403);
  const other = await newOrganization();
  for (const [method, body] of [["GET"], ["PATCH", { name: "x" }], ["DELETE"]] as const) {
    expectProblem(await call(other.admin, method, path, body), 404, "not_found");
  }
  expectProblem(await call(other.admin, "POST", `${path}/render`, {}), 404, "not_found");
});
