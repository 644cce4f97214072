import assert from "node:assert/strict";
import { addClient, dayFromNow, move } from "../support/clients.ts";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { newOrganization } from "../support/people.ts";
import survival from "../fixtures/survival.json" with { type: "json" };

Deno.test("The survival curve is the one that R computes, delayed entry and weights included", async () => {
  const rows = await database()<
    {
      time: number;
      at_risk: string;
      left_then: string;
      survival: number;
      low: number;
      high: number;
    }[]
  >`
    select * from private.kaplan_meier(${survival.entries}::integer[], ${survival.stops}::integer[],
      ${survival.events}::integer[], ${survival.weights}::bigint[])`;
  assert.equal(rows.length, survival.curve.length);
  rows.forEach((row, index) => {
    const wanted = survival.curve[index];
    assert(wanted !== undefined);
    assert.deepEqual([row.time, Number(row.at_risk), Number(row.left_then)], [
      wanted.time,
      wanted.at_risk,
      wanted.left,
    ]);
    for (const part of ["survival", "low", "high"] as const) {
      assert(
        Math.abs(row[part] - wanted[part]) < 1e-12,
        `${part} after ${row.time}: ${row[part]} and ${wanted[part]}`,
      );
    }
  });
});

interface Row extends Record<string, unknown> {
  period: string;
  partial: boolean;
  churned: number;
  logo_churn: { rate: number; low: number; high: number } | null;
  yearly: number | null;
}

Deno.test("GET /reports/churn-trends explains its figures and marks the running month", async () => {
  const { admin } = await newOrganization();
  const month = `${dayFromNow(0).slice(0, 8)}01`;
  const since = dayFromNow(-200);
  const clients = [];
  for (let index = 0; index < 4; index++) {
    clients.push(await addClient(admin, { since, amount: 100 }));
  }
  const before = dayFromNow(-40);
  await move(admin, clients[1]?.id ?? "", "churn", { effective_on: before, reason: "price" });
  await move(admin, clients[0]?.id ?? "", "churn", { effective_on: month, reason: "price" });
  const report = expectStatus<
    { data: Row[]; definitions: Record<string, string>; as_of: string; currency: string }
  >(
    await call(admin, "GET", "/reports/churn-trends"),
    200,
  );
  const now = report.data.at(-1);
  assert.deepEqual([now?.period, now?.partial, now?.churned, now?.logo_churn?.rate], [
    month,
    true,
    1,
    0.333333,
  ]);
  assert.equal(now?.yearly, null, "Part of a month tells nothing of a year");
  const then = report.data.find(({ period }) => period === `${before.slice(0, 8)}01`);
  assert.equal(then?.yearly, Math.round((1 - 0.75 ** 12) * 1e6) / 1e6);
  assert(report.data.slice(0, -1).every(({ partial }) => !partial));
  assert.equal(report.data[0]?.period, `${since.slice(0, 8)}01`, "no rows before the first client");
  for (const figure of ["logo_churn", "grr", "nrr", "clients_start"]) {
    assert(report.definitions[figure]);
  }
});

Deno.test("3 % a month is 30.6 % a year", async () => {
  const { yearlyChurn } = await import("../../supabase/functions/reports/churn/schemas.ts");
  assert.equal(yearlyChurn(0.03).toFixed(3), "0.306");
});

Deno.test("A report as of yesterday does not know what was entered today", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin, { since: dayFromNow(-100), amount: 100 });
  const [moment] = await database()`select clock_timestamp()::text as at`;
  const at = encodeURIComponent(new Date(String(moment?.["at"])).toISOString());
  await move(admin, id, "churn", { effective_on: dayFromNow(-50) });
  const churned = async (query: string) => {
    const { data } = expectStatus<{ data: Row[] }>(
      await call(admin, "GET", `/reports/churn-trends?${query}`),
      200,
    );
    return data.reduce((sum, row) => sum + row.churned, 0);
  };
  assert.deepEqual([await churned(`as_of=${at}`), await churned("")], [0, 1]);
});

Deno.test("GET /reports/churn-by-segment, /cohorts and /survival answer for an organization without clients", async () => {
  const { admin } = await newOrganization();
  for (const path of ["churn-trends", "churn-by-segment", "cohorts", "survival"]) {
    const report = expectStatus<{ data: unknown[] }>(
      await call(admin, "GET", `/reports/${path}`),
      200,
    );
    assert.deepEqual(report.data, [], path);
  }
});

Deno.test("Where everybody has left, or one client is all there is, the reports say so without a fault", async () => {
  const { admin } = await newOrganization();
  const { id } = await addClient(admin, {
    since: "2025-01-31",
    amount: 0,
    observed_from: "2025-01-31",
  });
  await move(admin, id, "churn", { effective_on: "2025-04-30" });
  const survivalOf = expectStatus<{ data: { survival: number }[]; median_months: number }>(
    await call(admin, "GET", "/reports/survival"),
    200,
  );
  assert.deepEqual([survivalOf.data.at(-1)?.survival, survivalOf.median_months], [0, 4]);
  const segments = expectStatus<{ data: { too_few: boolean; grr: number | null }[] }>(
    await call(admin, "GET", "/reports/churn-by-segment?from=2025-01-01"),
    200,
  );
  assert.deepEqual(segments.data.map(({ too_few, grr }) => [too_few, grr]), [[true, null]]);
});

Deno.test("Churn reports refuse what they cannot answer", async () => {
  const { admin } = await newOrganization();
  for (
    const query of [
      "period=week",
      "from=2026-02-30",
      "from=2100-01-01",
      "as_of=2100-01-01T00:00:00Z",
      "currency=cedi",
    ]
  ) {
    expectProblem(await call(admin, "GET", `/reports/churn-trends?${query}`), 422);
  }
});
