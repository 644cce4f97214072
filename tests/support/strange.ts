import assert from "node:assert/strict";
import { tries } from "./dice.ts";
import { type ApiDocument, type Operation, resolve, sample, type Schema } from "./document.ts";
import { call, type Caller, expectProblem, expectStatus } from "./http.ts";
import { assertNoLeak } from "./leak.ts";
import { pathOf, type Tenant } from "./tenant.ts";

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

let fields = 0;

/** With the usual seed each field gets every third value, another third than the field before it; else all of them. */
function valuesFor<T>(values: T[]): T[] {
  const field = fields++;
  return values.filter((_, index) => (index + field) % tries(3, 1) === 0);
}

/** Bodies that are right but for one value, at the top or within. */
function* spoiled(document: ApiDocument, schema: Schema): Generator<unknown> {
  const { properties, items, anyOf, oneOf } = resolve(document, schema);
  const right = sample(document, schema);
  for (const choice of [...anyOf ?? [], ...oneOf ?? []]) yield* spoiled(document, choice);
  if (items) { for (const item of spoiled(document, items)) yield [item]; }
  for (const [name, property] of Object.entries(properties ?? {})) {
    for (const value of valuesFor(strange)) yield { ...right as object, [name]: value };
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

/** Gives each field of each body what does not belong there; what was answered with a fault or a leak. */
export async function bodyFaults(
  tenant: Tenant,
  document: ApiDocument,
  operations: Operation[],
): Promise<string[]> {
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
  return faults;
}

/** Gives each parameter what does not belong there; what was answered with a fault or a leak. */
export async function parameterFaults(
  tenant: Tenant,
  document: ApiDocument,
  operations: Operation[],
): Promise<string[]> {
  const requests = operations.flatMap((operation) => {
    const raw = document.paths[operation.path]?.[operation.method.toLowerCase()] as unknown as {
      parameters?: { name: string; in: string }[];
    };
    if (operation.method === "DELETE") return [];
    const path = pathOf(tenant, operation.path);
    const inQuery = (raw.parameters ?? []).filter((parameter) => parameter.in === "query")
      .flatMap(({ name }) =>
        valuesFor(strangeTexts).map((text) => `${path}?${name}=${encodeURIComponent(text)}`)
      );
    const inPath = operation.parameters.flatMap((name) =>
      valuesFor(["x", "%00", "%ED%A0%80", "0".repeat(3_000), "null", "-1", "*"]).map((text) =>
        operation.path.replace(`{${name}}`, text).replace(/\{\w+\}/g, () => crypto.randomUUID())
      )
    );
    return [...inQuery, ...inPath].map((url) => ({ operation, url }));
  });
  return await sweep(requests, async ({ operation, url }) => {
    const body = operation.body === undefined ? undefined : "{}";
    const headers = { "content-type": "application/json" };
    const answer = await call(tenant.admin, operation.method, url, body, headers);
    try {
      assertNoLeak(operation, answer);
    } catch (error) {
      throw new Error(`${operation.method} ${url.slice(0, 200)}: ${answer.status} ${error}`);
    }
  });
}

/** A repeat of a request answers as the first one did; another body under its key is refused. */
export async function repeated(
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
