import assert from "node:assert/strict";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { repeated } from "../support/strange.ts";
import { newTenant } from "../support/tenant.ts";

/*
 * Nothing that anybody sends to lead management is a fault of ours: each field of each body and each parameter is given
 * what does not belong there, and the answer is never a 500 and tells nothing of the inside.
 */

Deno.test("What is nested a hundred thousand times is refused", async () => {
  const { admin, ids } = await newTenant("Own");
  const json = { "content-type": "application/json" };
  for (const depth of [3, 5_000, 100_000]) {
    for (
      const nested of [
        "[".repeat(depth) + "]".repeat(depth),
        `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`,
      ]
    ) {
      const fields = `{"first_name":"Ama","custom_fields":{"program":${nested}}}`;
      expectProblem(await call(admin, "POST", "/leads", fields, json), 422);
      expectProblem(await call(admin, "PATCH", `/leads/${ids["lead_id"]}`, fields, json), 422);
      const week = `{"week":${nested}}`;
      expectProblem(await call(admin, "PUT", "/leads/calendar", week, json), 422);
      const many = `{"lead_ids":${nested},"assigned_to":null}`;
      expectProblem(await call(admin, "POST", "/leads/bulk-assign", many, json), 422);
    }
  }
});

Deno.test("What is posted twice with one Idempotency-Key happens once, and another body is refused", async () => {
  const { admin, ids } = await newTenant("Own");
  const lead = `/leads/${ids["lead_id"]}`;
  const note = { type: "note", body: "Once" };
  await repeated(admin, {
    path: "/leads",
    body: { first_name: "Once" },
    other: { first_name: "Other" },
    status: 201,
  });
  await repeated(admin, {
    path: "/tasks",
    body: { title: "Once" },
    other: { title: "Other" },
    status: 201,
  });
  await repeated(admin, {
    path: `${lead}/interactions`,
    body: note,
    other: { ...note, body: "Other" },
    status: 201,
  });
  await repeated(admin, {
    path: `${lead}/students`,
    body: { first_name: "Once" },
    other: { first_name: "Other" },
    status: 201,
  });
  await repeated(admin, {
    path: `${lead}/assign`,
    body: { assigned_to: admin.userId },
    other: { assigned_to: null },
    status: 200,
  });
  for (
    const [path, field, times] of [["/tasks", "title", 1], ["/leads", "first_name", 1]] as const
  ) {
    const page = expectStatus<{ data: Record<string, unknown>[] }>(
      await call(admin, "GET", path),
      200,
    );
    assert.equal(page.data.filter((row) => row[field] === "Once").length, times, path);
  }
});

Deno.test("A malformed If-Match is refused, and changes nothing", async () => {
  const { admin, ids } = await newTenant("Own");
  for (
    const [method, path, body] of [
      ["PATCH", `/leads/${ids["lead_id"]}`, { first_name: "Changed" }],
      ["PATCH", `/leads/${ids["lead_id"]}/status`, { status: "contacted" }],
      ["PATCH", `/tasks/${ids["task_id"]}`, { title: "Changed" }],
    ] as const
  ) {
    for (const header of ["3", '"', '"x"', '"-1"', '"99999999999999999999"', '"1", "2"', "W/1"]) {
      expectProblem(
        await call(admin, method, path, body, { "if-match": header }),
        400,
        "if_match_malformed",
      );
    }
    expectProblem(
      await call(admin, method, path, body, { "if-match": '"999999999"' }),
      409,
      "stale_version",
    );
  }
});

Deno.test("Ten thousand and one ids are too many, ten thousand unknown ones are only not found", async () => {
  const { admin } = await newTenant("Own");
  const ids = Array.from({ length: 10_001 }, () => crypto.randomUUID());
  const assigned_to = admin.userId;
  expectProblem(
    await call(admin, "POST", "/leads/bulk-assign", { lead_ids: ids, assigned_to }),
    422,
  );
  const answer = await call(admin, "POST", "/leads/bulk-assign", {
    lead_ids: ids.slice(1),
    assigned_to,
  });
  const { assigned, skipped } = expectStatus<{ assigned: number; skipped: unknown[] }>(answer, 200);
  assert.deepEqual([assigned, skipped.length], [0, 10_000]);
});
