import assert from "node:assert/strict";
import { csvFormat } from "../../supabase/functions/_shared/reports/csv_format.ts";
import type { FrozenRun } from "../../supabase/functions/_shared/reports/run.ts";

Deno.test("Headings name the currency of amounts and the zone of local times", () => {
  const run = {
    time_zone: "Africa/Accra",
    columns: [
      { id: "leads.created_at", label: "Created", type: "timestamp", role: "field" },
      { id: "sum(leads.value)", label: "Value", type: "money", role: "value", currency: "GHS" },
      { id: "avg(leads.value)", label: "Mean", type: "money", role: "value", currency: null },
    ],
  } as unknown as FrozenRun;
  const { bytes } = csvFormat.begin(run);
  assert.match(
    new TextDecoder().decode(bytes),
    /^Created \(Africa\/Accra\),Value \(GHS\),Mean\r?\n$/,
  );
});
