import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectProblem } from "../support/http.ts";
import { newOrganization } from "../support/people.ts";
import { build, exported } from "../support/reports.ts";
import { functionUrl } from "../support/stack.ts";

/** What a text of the picture says, in its order. */
const texts = (svg: string) =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);

async function office() {
  const organization = await newOrganization();
  await database()`insert into public.leads (organization_id, first_name, source, status)
    select ${organization.id}, 'Ama', (array['fair', 'a <b> & "c"'])[1 + (n % 3) / 2],
      (array['new', 'won'])[1 + n % 2] from generate_series(0, 11) n`;
  return organization;
}

async function picture(caller: { accessToken: string; organizationId?: string }, path: string) {
  const response = await fetch(functionUrl(path), {
    headers: { authorization: `Bearer ${caller.accessToken}` },
  });
  return { response, svg: await response.text() };
}

Deno.test("A grouped report is a chart with its values and a description in words, from the rows one may see", async () => {
  const { admin } = await office();
  const { report_id } = await build(admin, {
    name: "By <source>",
    grouping: [{ field: "leads.source" }, { field: "leads.status" }],
    aggregations: [{ function: "count" }],
  });
  const { response, svg } = await picture(admin, `/reports/${report_id}/chart.svg?theme=dark`);
  assert.equal(response.status, 200, svg);
  assert.equal(response.headers.get("content-type"), "image/svg+xml; charset=utf-8");
  assert.match(response.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  const said = texts(svg);
  for (const text of ["By &lt;source&gt;", "fair", "8", "4"]) assert(said.includes(text), text);
  assert(!svg.includes("<b>"));
  assert.match(svg, /<desc id="d">[^<]*fair: [^<]*4/);
  const tag = response.headers.get("etag") ?? "";
  const again = await fetch(functionUrl(`/reports/${report_id}/chart.svg?theme=dark`), {
    headers: { authorization: `Bearer ${admin.accessToken}`, "if-none-match": tag },
  });
  assert.equal(again.status, 304);
});

Deno.test("The chart of a run shows the frozen rows, whatever happened since", async () => {
  const { admin, id } = await office();
  const { report_id } = await build(admin, {
    grouping: [{ field: "leads.source" }],
    aggregations: [{ function: "count" }],
  });
  const { run } = await exported(admin, report_id, "csv");
  await database()`delete from public.leads where organization_id = ${id}`;
  const { svg } = await picture(admin, `/reports/runs/${run.id}/chart.svg`);
  assert(texts(svg).includes("8"), svg);
  const { svg: now } = await picture(admin, `/reports/${report_id}/chart.svg`);
  assert(!texts(now).includes("8"));
});

Deno.test("A report of single rows has no chart, and says so", async () => {
  const { admin } = await office();
  const { report_id } = await build(admin, { fields: ["leads.source"] });
  await expectProblem(await call(admin, "GET", `/reports/${report_id}/chart.svg`), 422, "no_chart");
});

Deno.test("Figures of leads are charts of the same figures", async () => {
  const { admin } = await office();
  const name = async (path: string) => texts((await picture(admin, `/analytics/${path}`)).svg);
  assert((await name("funnel.svg")).includes("12 · 100 %"));
  assert((await name("conversion-by-source.svg")).includes("fair"));
  assert((await name("lead-volume.svg?granularity=month")).some((text) => text?.endsWith(" *")));
  assert((await name("counselor-performance.svg?theme=light")).includes("New leads by person"));
});
