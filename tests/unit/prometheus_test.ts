import assert from "node:assert/strict";
import parsePrometheus from "parse-prometheus-text-format";
import { prometheusText } from "../../supabase/functions/health/prometheus.ts";

Deno.test("labels with quotes, backslashes and line breaks come through a parser as they were", () => {
  const job = 'a "b" \\ c\nd';
  const text = prometheusText([
    { name: "signalbox_job_up", help: "Jobs\nand \\", samples: [{ labels: { job }, value: 0.5 }] },
    { name: "signalbox_nothing", help: "Nothing", samples: [] },
  ]);
  const [family, ...others] = parsePrometheus(text);
  assert.equal(others.length, 0, "a metric without samples is left out");
  assert.deepEqual([family?.name, family?.type], ["signalbox_job_up", "GAUGE"]);
  assert.deepEqual(family?.metrics, [{ labels: { job }, value: "0.5" }]);
});
