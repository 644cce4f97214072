import assert from "node:assert/strict";
import {
  type ApiDocument,
  fetchDocument,
  type Operation,
  operationsOf,
  resolve,
  sample,
  type Schema,
} from "./support/document.ts";
import { call, type Caller, expectProblem, expectStatus } from "./support/http.ts";
import { assertNoLeak } from "./support/leak.ts";
import { newTenant, pathOf } from "./support/tenant.ts";

/*
 * Nothing that anybody sends to lead management is a fault of ours: each field of each body and each parameter is given
 * what does not belong there, and the answer is never a 500 and tells nothing of the inside.
 */

const subjects = [
  "leads",
  "tasks",
  "pipeline",
  "users",
  "dashboard",
  "notifications",
  "audit-logs",
];

/** What fits nowhere, or nearly nowhere. */
const strange: unknown[] = [
  null,
  "",
  "x".repeat(70_000),
  "a\u0000b",
  "\ud800",
  "\u202e\u0007%_\\'\"",
  "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:59+14:00",
  "0001-01-01",
  crypto.randomUUID(),
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  1e308,
  true,
  [],
  {},
  [null],
  ["\u0000"],
  { "a\u0000": "\u0000", "\ud800": [[]] },
];

const strangeTexts = [
  "",
  "x".repeat(6_000),
  "a\u0000b",
  "%ED%A0%80",
  "\u202e%_\\'\"();--",
  "0000-01-01T00:00:00Z",
  "0000-01-01",
  "9999-12-31T23:59:59+14:00",
  "9999-12-31",
  "-1",
  "1.5",
  "1e9",
  "99999999999999999999",
  "NaN",
  "true",
  crypto.randomUUID(),
];

/** Bodies that are right but for one value, at the top or within. */
function* spoiled(document: ApiDocument, schema: Schema): Generator<unknown> {
  const { properties, items, anyOf, oneOf } = resolve(document, schema);
  const right = sample(document, schema);
  for (const choice of [...anyOf ?? [], ...oneOf ?? []]) yield* spoiled(document, choice);
  if (items) { for (const item of spoiled(document, items)) yield [item]; }
  for (const [name, property] of Object.entries(properties ?? {})) {
    for (const value of strange) yield { ...right as object, [name]: value };
    const inner = resolve(document, property);
    if (inner.properties || inner.items) {
      for (const value of spoiled(document, inner)) yield { ...right as object, [name]: value };
    }
  }
}

/** Runs some requests side by side, and gives what was wrong with any. */
async function sweep<T>(
  requests: Iterable<T>,
  one: (request: T) => Promise<void>,
): Promise<string[]> {
  const queue = requests[Symbol.iterator]();
  const faults: string[] = [];
  await Promise.all(Array.from({ length: 6 }, async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      await one(next.value).catch((error) => faults.push(String(error.message)));
    }
  }));
  return faults;
}

async function operationsUnderTest(): Promise<[ApiDocument, Operation[]]> {
  const document = await fetchDocument();
  const operations = operationsOf(document)
    .filter(({ tags }) => tags.some((tag) => subjects.includes(tag)));
  assert(operations.length > 60, "the subjects have their endpoints");
  return [document, operations];
}

Deno.test("No value in a body is a fault of ours", async () => {
  const [document, operations] = await operationsUnderTest();
  const tenant = await newTenant("Own");
  const faults: string[] = [];
  for (const operation of operations) {
    const { body, method } = operation;
    if (body === undefined) continue;
    const path = pathOf(tenant, operation.path);
    faults.push(
      ...await sweep(spoiled(document, body), async (spoiledBody) => {
        const answer = await call(tenant.admin, method, path, spoiledBody as object);
        const shown = JSON.stringify(spoiledBody).slice(0, 300);
        try {
          assertNoLeak(operation, answer);
        } catch (error) {
          throw new Error(`${shown} to ${method} ${operation.path}: ${answer.status} ${error}`);
        }
      }),
    );
  }
  assert.deepEqual(faults, []);
});

Deno.test("No value of a parameter is a fault of ours", async () => {
  const [document, operations] = await operationsUnderTest();
  const tenant = await newTenant("Own");
  const requests = operations.flatMap((operation) => {
    const raw = document.paths[operation.path]?.[operation.method.toLowerCase()] as unknown as {
      parameters?: { name: string; in: string }[];
    };
    if (operation.method === "DELETE") return [];
    const path = pathOf(tenant, operation.path);
    const inQuery = (raw.parameters ?? []).filter((parameter) => parameter.in === "query")
      .flatMap(({ name }) =>
        strangeTexts.map((text) => `${path}?${name}=${encodeURIComponent(text)}`)
      );
    const inPath = operation.parameters.flatMap((name) =>
      ["x", "%00", "%ED%A0%80", "0".repeat(3_000), "null", "-1", "*"].map((text) =>
        operation.path.replace(`{${name}}`, text).replace(/\{\w+\}/g, () => crypto.randomUUID())
      )
    );
    return [...inQuery, ...inPath].map((url) => ({ operation, url }));
  });
  const faults = await sweep(requests, async ({ operation, url }) => {
    const body = operation.body === undefined ? undefined : "{}";
    const headers = { "content-type": "application/json" };
    const answer = await call(tenant.admin, operation.method, url, body, headers);
    try {
      assertNoLeak(operation, answer);
    } catch (error) {
      throw new Error(`${operation.method} ${url.slice(0, 200)}: ${answer.status} ${error}`);
    }
  });
  assert.deepEqual(faults, []);
});

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

/** A repeat of a request answers as the first one did; another body under its key is refused. */
async function repeated(
  caller: Caller,
  { path, body, other, status }: { path: string; body: object; other: object; status: number },
): Promise<void> {
  const headers = { "idempotency-key": crypto.randomUUID() };
  const answers = await Promise.all([
    call(caller, "POST", path, body, headers),
    call(caller, "POST", path, body, headers),
  ]);
  const { id } = expectStatus<{ id: string }>(
    await call(caller, "POST", path, body, headers),
    status,
  );
  for (const answer of answers) {
    // Of two at the same moment, one may be asked to come again.
    if (answer.status === 409) expectProblem(answer, 409, "idempotency_in_progress");
    else assert.equal(expectStatus<{ id: string }>(answer, status).id, id, path);
  }
  expectProblem(await call(caller, "POST", path, other, headers), 422);
}

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
