import assert from "node:assert/strict";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addLead } from "../support/leads.ts";
import { newOffice } from "../support/office.ts";
import { newOrganization } from "../support/people.ts";

interface StudentBody {
  id: string;
  lead_id: string;
  first_name: string;
  last_name: string;
  birth_date: string | null;
  grade: string | null;
  school: string | null;
  notes: string | null;
  created_by: string | null;
}

const esi = {
  first_name: " Esi ",
  last_name: "Mensah",
  birth_date: "2008-05-17",
  grade: "SHS 3",
  school: "Wesley Girls'",
};

Deno.test("Students are added to a lead, changed, listed with it and deleted", async () => {
  const { counselor } = await newOffice();
  const lead = await addLead(counselor);
  const path = `/leads/${lead.id}/students`;
  const student = expectStatus<StudentBody>(await call(counselor, "POST", path, esi), 201);
  assert.deepEqual(
    { ...student, ...esi, first_name: "Esi", notes: null, lead_id: lead.id },
    student,
  );
  assert.equal(student.created_by, counselor.userId);
  const second = expectStatus<StudentBody>(
    await call(counselor, "POST", path, { first_name: "Yaw" }),
    201,
  );
  const change = { grade: null, notes: "Wants a hostel" };
  const changed = expectStatus<StudentBody>(
    await call(counselor, "PATCH", `${path}/${student.id}`, change),
    200,
  );
  assert.deepEqual([changed.grade, changed.notes, changed.school], [
    null,
    "Wants a hostel",
    esi.school,
  ]);
  const page = await call(counselor, "GET", `${path}?limit=1&offset=1`);
  assert.deepEqual(expectStatus(page, 200), { data: [second], total: 2, limit: 1, offset: 1 });
  const detail = expectStatus<{ students: StudentBody[]; counts: { students: number } }>(
    await call(counselor, "GET", `/leads/${lead.id}`),
    200,
  );
  assert.deepEqual(detail.students, [changed, second]);
  assert.equal(detail.counts.students, 2);
  expectStatus(await call(counselor, "DELETE", `${path}/${student.id}`), 204);
  expectProblem(await call(counselor, "DELETE", `${path}/${student.id}`), 404, "not_found");
  expectProblem(await call(counselor, "PATCH", `${path}/${student.id}`, change), 404, "not_found");
});

Deno.test("POST /leads/{id}/students with the same Idempotency-Key adds one student", async () => {
  const { admin } = await newOrganization();
  const { id } = await addLead(admin);
  const key = { "idempotency-key": crypto.randomUUID() };
  const add = () => call(admin, "POST", `/leads/${id}/students`, esi, key);
  const first = expectStatus<StudentBody>(await add(), 201);
  assert.deepEqual(expectStatus(await add(), 201), first);
  const page = await call(admin, "GET", `/leads/${id}/students`);
  assert.equal(expectStatus<{ total: number }>(page, 200).total, 1);
});

Deno.test("Students that make no sense are refused with the field's name", async () => {
  const { admin } = await newOrganization();
  const { id } = await addLead(admin);
  for (
    const [field, value] of [
      ["first_name", undefined],
      ["first_name", " "],
      ["first_name", "x".repeat(101)],
      ["birth_date", "17.05.2008"],
      ["birth_date", "2008-02-30"],
      ["birth_date", "0008-02-20"],
      ["grade", "x".repeat(51)],
      ["notes", "x".repeat(5001)],
      ["school", 5],
    ] as const
  ) {
    const answer = await call(admin, "POST", `/leads/${id}/students`, { ...esi, [field]: value });
    const problem = expectProblem(answer, 422, "invalid_field");
    assert.deepEqual(problem.errors?.map(({ path }) => path), [field], `${field}: ${value}`);
  }
});

Deno.test("A student is its lead's: seen with it, and found under no other", async () => {
  const office = await newOffice();
  const [lead, other] = [await addLead(office.counselor), await addLead(office.counselor)];
  const path = `/leads/${lead.id}/students`;
  const { id } = expectStatus<StudentBody>(await call(office.counselor, "POST", path, esi), 201);
  const elsewhere = `/leads/${other.id}/students/${id}`;
  for (const [method, body] of [["PATCH", { grade: "1" }], ["DELETE", undefined]] as const) {
    expectProblem(await call(office.counselor, method, elsewhere, body), 404, "not_found");
    expectProblem(
      await call(office.otherCounselor, method, `${path}/${id}`, body),
      404,
      "not_found",
    );
  }
  expectProblem(await call(office.otherCounselor, "GET", path), 404, "not_found");
  expectStatus(await call(office.manager, "GET", path), 200);
  const seen = async (session: typeof office.admin) =>
    (await session.client.from("students").select("id").eq("lead_id", lead.id)).data?.length;
  assert.deepEqual(
    await Promise.all([office.counselor, office.manager, office.otherCounselor].map(seen)),
    [1, 1, 0],
  );
  const { data } = await office.otherCounselor.client.from("leads").select("id, students(id)");
  assert.deepEqual(data, []);
});
