import assert from "node:assert/strict";
import parsePrometheus from "parse-prometheus-text-format";
import { newApiKey, plainCall } from "../support/api_keys.ts";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, newOrganization } from "../support/people.ts";
import { until } from "../support/wait.ts";

interface Health {
  status: string;
  services: { name: string; status: string }[];
  jobs: { name: string; status: string; last_success_at: string | null }[];
  queues: { name: string; backlog: number; status: string }[];
}

/** A metric as a reader of Prometheus' format gives it. */
interface Family {
  name: string;
  type: string;
  metrics: { labels?: Record<string, string>; value: string }[];
}

interface Series {
  step_seconds: number;
  points: { at: string; value: number | null; peak: number | null }[];
}

/** An e-mail to nobody that is not due yet, so that it stays. */
const laterEmail = (organization: { id: string }) =>
  database()`
    insert into public.emails (organization_id, kind, to_address, event_key, next_attempt_at)
    values (${organization.id}, 'system', 'x@signalbox.test', ${crypto.randomUUID()}, now() + interval '1 day')`;

Deno.test("GET /admin/health names services, jobs and the organization's queues", async () => {
  const [organization, other] = [await newOrganization(), await newOrganization()];
  await laterEmail(other);
  const health = expectStatus<Health>(await call(organization.admin, "GET", "/admin/health"), 200);
  assert.deepEqual(health.services.map(({ name }) => name), ["database", "auth", "storage"]);
  assert(health.services.every(({ status }) => status !== "down"), JSON.stringify(health.services));
  assert.deepEqual(health.queues.map(({ name, backlog }) => [name, backlog]), [
    ["emails", 0],
    ["imports", 0],
    ["messages", 0],
    ["reports", 0],
    ["webhooks", 0],
  ]);
  assert(health.jobs.some(({ name }) => name === "seal-audit-logs"));
  assert(["ok", "degraded", "down"].includes(health.status));
  const viewer = await addMember(organization, "viewer");
  expectProblem(await call(viewer, "GET", "/admin/health"), 403, "permission_denied");
});

Deno.test("GET /admin/health/metrics has a point for each step, and gaps where no snapshot was taken", async () => {
  const organization = await newOrganization();
  await until(
    async () =>
      (await database()`select 1 from private.health_snapshots where metric = 'snapshots' limit 1`)
        .length > 0,
    { timeoutMs: 300_000, what: "the first snapshot" },
  );
  const path = "/admin/health/metrics?metric_type=emails_backlog&time_range";
  const read = async (range: string) =>
    expectStatus<Series>(await call(organization.admin, "GET", `${path}=${range}`), 200);
  const ranges = [
    ["day", 288, 300],
    ["week", 336, 1800],
    ["month", 360, 7200],
    ["year", 365, 86_400],
  ] as const;
  for (const [range, points, step] of ranges) {
    const series = await read(range);
    assert.deepEqual([series.points.length, series.step_seconds], [points, step]);
    assert(series.points.some(({ value }) => value === null), "a gap is not shown as 0");
    assert(series.points.some(({ value }) => value === 0), "a snapshot without anything is 0");
  }
  expectProblem(
    await call(organization.admin, "GET", `${path}=century`),
    422,
    "invalid_field",
  );
});

Deno.test("GET /health/metrics is what Prometheus reads, for a key with health:read", async () => {
  const organization = await newOrganization();
  const role = { name: "Monitor", permissions: { "health:read": "organization" } };
  const { key } = expectStatus<{ key: string }>(
    await call(organization.admin, "POST", "/admin/roles", role),
    201,
  );
  const { api_key } = await newApiKey(organization, key);
  const answer = await plainCall("/health/metrics", api_key);
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const families: Family[] = parsePrometheus(text);
  const names = families.map(({ name }) => name);
  for (const name of ["service_up", "queue_backlog", "queue_lag_seconds", "job_up"]) {
    assert(names.includes(`signalbox_${name}`), names.join());
  }
  for (const { type, metrics } of families) {
    assert.equal(type, "GAUGE");
    for (const { value } of metrics) assert(Number.isFinite(Number(value)), value);
    const series = metrics.map(({ labels }) => JSON.stringify(labels));
    assert.equal(
      new Set(series).size,
      series.length,
      "Prometheus refuses a series that comes twice",
    );
  }
  assert.equal(new Set(names).size, names.length);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  assert.equal(
    families.flatMap(({ metrics }) => metrics).length,
    lines.length,
    "nothing is skipped",
  );
  const backlogs = families.find(({ name }) => name === "signalbox_queue_backlog")?.metrics;
  assert.deepEqual(backlogs?.map(({ labels }) => labels?.["queue"]), [
    "emails",
    "imports",
    "messages",
    "reports",
    "webhooks",
  ]);
  const weak = await newApiKey(organization, "viewer");
  assert.equal((await plainCall("/health/metrics", weak.api_key)).status, 403);
  expectProblem(await call(null, "GET", "/health/metrics"), 401, "not_signed_in");
});
