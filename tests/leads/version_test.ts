import assert from "node:assert/strict";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addLead, type LeadBody, readLead } from "../support/leads.ts";
import { newOffice } from "../support/office.ts";
import { newOrganization } from "../support/people.ts";

Deno.test("PATCH /leads/{id} refuses a version that has passed and shows the lead as it is", async () => {
  const { admin } = await newOrganization();
  const lead = await addLead(admin);
  const path = `/leads/${lead.id}`;
  const first = await call(admin, "PATCH", path, { region: "Volta" }, { "if-match": '"1"' });
  const current = expectStatus<LeadBody>(first, 200);
  assert.equal(first.headers.get("etag"), '"2"');
  for (
    const [body, headers] of [
      [{ region: "Ashanti" }, { "if-match": '"1"' }],
      [{ region: "Ashanti" }, { "if-match": 'W/"1"' }],
      [{ region: "Ashanti", version: 1 }, {}],
      [{ region: "Ashanti", version: 99 }, {}],
      [{ region: "Ashanti", version: 1 }, { "if-match": '"1"' }],
    ] as const
  ) {
    const problem = expectProblem(
      await call(admin, "PATCH", path, body, headers),
      409,
      "stale_version",
    );
    assert.deepEqual((problem as unknown as { current: LeadBody }).current, current);
  }
  assert.equal((await readLead(admin, lead.id)).region, "Volta");
  expectStatus(
    await call(admin, "PATCH", path, { region: "Oti", version: 2 }, { "if-match": "*" }),
    200,
  );
  expectStatus(await call(admin, "PATCH", path, { region: "Bono" }, { "if-match": '"3"' }), 200);
});

Deno.test("PATCH /leads/{id} refuses an If-Match that is none, and one that contradicts the body", async () => {
  const { admin } = await newOrganization();
  const { id } = await addLead(admin);
  for (const header of ["1", '""', '"x"', '"1", "2"', '"1', "W/", '"-1"', '"99999999999"']) {
    const answer = await call(admin, "PATCH", `/leads/${id}`, { region: "Oti" }, {
      "if-match": header,
    });
    expectProblem(answer, 400, "if_match_malformed");
  }
  const contradiction = await call(admin, "PATCH", `/leads/${id}`, { region: "Oti", version: 2 }, {
    "if-match": '"1"',
  });
  expectProblem(contradiction, 422, "invalid_field");
  for (const version of [0, "1", 1.5, 3e9]) {
    const answer = await call(admin, "PATCH", `/leads/${id}`, { region: "Oti", version });
    expectProblem(answer, 422, "invalid_field");
  }
});

Deno.test("Of many changes of one version at the same moment one wins and the others are refused", async () => {
  const { admin } = await newOrganization();
  const { id } = await addLead(admin);
  const answers = await Promise.all(
    Array.from(
      { length: 8 },
      (_, index) =>
        call(admin, "PATCH", `/leads/${id}`, { region: `R${index}` }, { "if-match": '"1"' }),
    ),
  );
  const winners = answers.filter(({ status }) => status === 200);
  assert.equal(winners.length, 1);
  for (const answer of answers.filter(({ status }) => status !== 200)) {
    expectProblem(answer, 409, "stale_version");
  }
  const lead = await readLead(admin, id);
  assert.deepEqual([lead.version, lead.region], [2, (winners[0]?.body as LeadBody).region]);
});

Deno.test("A stale change by somebody who may not see the lead is a 404 like any other", async () => {
  const office = await newOffice();
  const { id } = await addLead(office.counselor);
  const answer = await call(office.otherCounselor, "PATCH", `/leads/${id}`, { region: "Oti" }, {
    "if-match": '"9"',
  });
  expectProblem(answer, 404, "not_found");
});
