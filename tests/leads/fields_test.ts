import assert from "node:assert/strict";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import {
  addLead,
  findLeads,
  type LeadBody,
  newLead,
  readLead,
  setFields,
} from "../support/leads.ts";
import { newOffice } from "../support/office.ts";
import { newOrganization } from "../support/people.ts";

const program = {
  key: "program",
  label: "Program",
  type: "choice",
  required: true,
  choices: ["MBA", "BSc"],
};
const fields = [
  program,
  { key: "motto", label: "Motto", type: "text" },
  { key: "budget", label: "Budget", type: "number" },
  { key: "boarding", label: "Boarding", type: "boolean" },
  { key: "starts_on", label: "Starts on", type: "date" },
  { key: "interests", label: "Interests", type: "choices", choices: ["art", "sport"] },
];

Deno.test("GET /leads/fields gives the list that PUT set, in its order, with nothing left open", async () => {
  const office = await newOffice();
  const empty = await call(office.counselor, "GET", "/leads/fields");
  assert.deepEqual(expectStatus(empty, 200), { data: [] });
  const set = await setFields(office.admin, fields);
  const full = fields.map((field) => ({ required: false, choices: [], ...field }));
  assert.deepEqual(set, { data: full });
  assert.deepEqual(
    expectStatus(await call(office.counselor, "GET", "/leads/fields"), 200),
    { data: full },
  );
  const reversed = await setFields(office.admin, [...fields].reverse());
  assert.deepEqual(reversed, { data: [...full].reverse() });
  for (const session of [office.manager, office.counselor]) {
    const answer = await call(session, "PUT", "/leads/fields", { fields: [] });
    expectProblem(answer, 403, "permission_denied");
  }
});

Deno.test("PUT /leads/fields refuses lists that mean nothing", async () => {
  const { admin } = await newOrganization();
  const text = { key: "motto", label: "Motto", type: "text" };
  for (
    const list of [
      [{ ...text, key: "Motto" }],
      [{ ...text, key: "x".repeat(51) }],
      [{ ...text, label: " " }],
      [{ ...text, type: "json" }],
      [{ ...text, choices: ["a"] }],
      [{ ...text, type: "choice" }],
      [{ ...text, type: "choices", choices: ["a", "a "] }],
      [text, { ...text, label: "Again" }],
      Array.from({ length: 101 }, (_, index) => ({ ...text, key: `k${index}` })),
      [null],
      "motto",
    ]
  ) {
    const answer = await call(admin, "PUT", "/leads/fields", { fields: list });
    expectProblem(answer, 422, "invalid_field");
  }
});

Deno.test("Custom fields are kept when they fit, and each misfit is named by its path", async () => {
  const { admin } = await newOrganization();
  await setFields(admin, fields);
  const custom_fields = {
    program: "MBA",
    motto: "Onward",
    budget: 12.5,
    boarding: false,
    starts_on: "2028-02-29",
    interests: ["art"],
  };
  assert.deepEqual((await addLead(admin, { custom_fields })).custom_fields, custom_fields);
  for (
    const [misfits, paths] of [
      [{}, ["program"]],
      [{ program: null }, ["program"]],
      [{ program: "" }, ["program"]],
      [{ program: "PhD" }, ["program"]],
      [{ program: ["MBA"] }, ["program"]],
      [{ program: "MBA", motto: 5 }, ["motto"]],
      [{ program: "MBA", motto: "x".repeat(5001) }, ["motto"]],
      [{ program: "MBA", budget: "12" }, ["budget"]],
      [{ program: "MBA", budget: 1e15 }, ["budget"]],
      [{ program: "MBA", boarding: "yes" }, ["boarding"]],
      [{ program: "MBA", starts_on: "2027-02-29" }, ["starts_on"]],
      [{ program: "MBA", starts_on: "29.02.2028" }, ["starts_on"]],
      [{ program: "MBA", interests: "art" }, ["interests"]],
      [{ program: "MBA", interests: ["art", "chess"] }, ["interests"]],
      [{ program: "MBA", interests: [["art"]] }, ["interests"]],
      [{ program: "MBA", unheard_of: 1 }, ["unheard_of"]],
      [{ motto: 1, budget: "x", other: 2 }, ["program", "motto", "budget", "other"]],
    ] as const
  ) {
    const answer = await call(admin, "POST", "/leads", newLead({ custom_fields: misfits }));
    const problem = expectProblem(answer, 422, "invalid_field");
    assert.deepEqual(
      problem.errors?.map(({ path }) => path),
      paths.map((key) => `custom_fields.${key}`),
      JSON.stringify(misfits),
    );
  }
  expectProblem(await call(admin, "POST", "/leads", newLead()), 422, "invalid_field");
});

Deno.test("PATCH merges custom fields key by key, null removes, and only what changes is checked", async () => {
  const { admin } = await newOrganization();
  await setFields(admin, fields.slice(1));
  const { id } = await addLead(admin, { custom_fields: { motto: "Onward", budget: 5 } });
  const patch = (custom_fields: unknown) => call(admin, "PATCH", `/leads/${id}`, { custom_fields });
  const kept = async (custom_fields: unknown) =>
    expectStatus<LeadBody>(await patch(custom_fields), 200).custom_fields;
  assert.deepEqual(await kept({ boarding: true }), { motto: "Onward", budget: 5, boarding: true });
  assert.deepEqual(await kept({ budget: null }), { motto: "Onward", boarding: true });
  assert.deepEqual(await kept({ unheard_of: null }), { motto: "Onward", boarding: true });
  expectProblem(await patch({ unheard_of: 1 }), 422, "invalid_field");
  // A field that became required later keeps nobody from changing the rest.
  await setFields(admin, fields);
  expectStatus(await call(admin, "PATCH", `/leads/${id}`, { region: "Oti" }), 200);
  assert.deepEqual(await kept({ boarding: false }), { motto: "Onward", boarding: false });
  expectStatus(await patch({ program: "MBA" }), 200);
  const emptied = expectProblem(await patch({ program: null }), 422, "invalid_field");
  assert.deepEqual(emptied.errors?.map(({ path }) => path), ["custom_fields.program"]);
});

Deno.test("Values of a field or choice that is gone stay, but nobody writes them any more", async () => {
  const { admin } = await newOrganization();
  await setFields(admin, fields);
  const custom_fields = { program: "MBA", motto: "Onward" };
  const { id } = await addLead(admin, { custom_fields });
  await setFields(admin, [{ ...program, choices: ["BSc"] }]);
  assert.deepEqual((await readLead(admin, id)).custom_fields, custom_fields);
  const patch = (values: unknown) =>
    call(admin, "PATCH", `/leads/${id}`, { custom_fields: values });
  expectStatus(await patch(custom_fields), 200);
  expectProblem(await patch({ motto: "Upward" }), 422, "invalid_field");
  expectProblem(
    await call(admin, "POST", "/leads", newLead({ custom_fields: { program: "MBA" } })),
    422,
  );
  const left = expectStatus<LeadBody>(await patch({ motto: null, program: "BSc" }), 200);
  assert.deepEqual(left.custom_fields, { program: "BSc" });
});

Deno.test("A field's type changes only when all values fit the new one", async () => {
  const { admin } = await newOrganization();
  const size = { key: "size", label: "Size", type: "text" };
  await setFields(admin, [size]);
  const { id } = await addLead(admin, { custom_fields: { size: "large" } });
  const number = { fields: [{ ...size, type: "number" }] };
  const problem = expectProblem(
    await call(admin, "PUT", "/leads/fields", number),
    409,
    "values_do_not_fit",
  );
  assert.deepEqual((problem as unknown as Record<string, unknown>)["leads_by_field"], { size: 1 });
  await setFields(admin, [{ ...size, type: "choice", choices: ["large", "small"] }]);
  await setFields(admin, [size]);
  expectStatus(await call(admin, "DELETE", `/leads/${id}`), 204);
  expectStatus(await call(admin, "PUT", "/leads/fields", number), 200);
});

Deno.test("Fields are each organization's own", async () => {
  const [mine, theirs] = [await newOrganization(), await newOrganization()];
  await setFields(mine.admin, [program]);
  assert.deepEqual(
    expectStatus(await call(theirs.admin, "GET", "/leads/fields"), 200),
    { data: [] },
  );
  const answer = await call(
    theirs.admin,
    "POST",
    "/leads",
    newLead({ custom_fields: { program: "MBA" } }),
  );
  expectProblem(answer, 422, "invalid_field");
  assert.equal((await findLeads(theirs.admin)).total, 0);
});
