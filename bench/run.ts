/*
 * What `deno task bench` runs: the benchmarks named in the arguments, or all, each on a stack of its own. With --write,
 * the figures of each go into docs/performance.md as soon as it is done.
 */
import { join } from "node:path";
import { apiKeys } from "./api_keys.ts";
import { auditLogs } from "./audit_logs.ts";
import { campaignDispatch } from "./campaign_dispatch.ts";
import { churn } from "./churn.ts";
import { coldStart } from "./cold_start.ts";
import { dispatch } from "./dispatch.ts";
import { freeze } from "./freeze.ts";
import { idle } from "./idle.ts";
import { leadImport } from "./lead_import.ts";
import { leads } from "./leads.ts";
import { legacyImport } from "./legacy_import.ts";
import { optOuts } from "./opt_outs.ts";
import { peer } from "./peer.ts";
import { processBatch } from "./process_batch.ts";
import { reports } from "./reports.ts";
import { risingLoad } from "./rising_load.ts";
import { rls } from "./rls.ts";
import { roundTrips } from "./round_trips.ts";
import { scaling } from "./scaling.ts";
import { sla } from "./sla.ts";
import type { Benchmark } from "./support/benchmark.ts";
import { asText, describeMachine, isKept, type Section, withFigures } from "./support/report.ts";
import { root, startStack, stopAll } from "./support/stack.ts";
import { upload } from "./upload.ts";
import { webhookDeliveries } from "./webhook_deliveries.ts";
import { webhookEvents } from "./webhook_events.ts";
import { webhooks } from "./webhooks.ts";

const benchmarks: Record<string, Benchmark> = {
  rls,
  process_batch: processBatch,
  upload,
  leads,
  lead_import: leadImport,
  dispatch,
  round_trips: roundTrips,
  cold_start: coldStart,
  sla,
  freeze,
  campaign_dispatch: campaignDispatch,
  webhooks,
  webhook_events: webhookEvents,
  webhook_deliveries: webhookDeliveries,
  audit_logs: auditLogs,
  opt_outs: optOuts,
  idle,
  reports,
  churn,
  peer,
  api_keys: apiKeys,
  legacy: legacyImport,
  scaling,
  rising_load: risingLoad,
};

// deno-lint-ignore no-console -- what the command answers.
const say = (line: string) => console.log(line);

async function run(benchmark: Benchmark): Promise<Section> {
  say(`\n${benchmark.title}`);
  const stack = await startStack(Number(Deno.env.get("SIGNALBOX_PORT") ?? 55_000));
  try {
    const machine = await describeMachine(stack.sql);
    const findings = await benchmark.run({ ...stack, say });
    say(asText(findings.rows));
    findings.notes?.forEach(say);
    return { title: benchmark.title, machine, ...findings };
  } catch (error) {
    say((await stack.log()).split("\n").slice(-20).join("\n"));
    throw error;
  } finally {
    await stack.stop();
  }
}

async function write(section: Section): Promise<void> {
  const path = join(root, "docs", "performance.md");
  const titles = Object.values(benchmarks).map(({ title }) => title);
  await Deno.writeTextFile(path, withFigures(await Deno.readTextFile(path), section, titles));
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", path], cwd: root }).output();
}

function stopOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, async () => {
      await stopAll();
      Deno.exit(130);
    });
  }
}

async function main(args: string[]): Promise<number> {
  stopOnSignals();
  const names = args.filter((argument) => argument !== "--write");
  const unknown = names.filter((name) => !(name in benchmarks));
  const writes = names.length < args.length;
  if (unknown.length > 0) {
    say(`usage: deno task bench [--write] [${Object.keys(benchmarks).join(" | ")}] …`);
    return 2;
  }
  const sections: Section[] = [];
  for (const [name, benchmark] of Object.entries(benchmarks)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const section = await run(benchmark);
    if (writes) await write(section);
    sections.push(section);
  }
  const over = sections.flatMap(({ rows }) => rows).filter((row) => isKept(row) === false);
  say(
    over.length === 0
      ? "\nAll targets are kept."
      : `\nOver target: ${over.map(({ what }) => what).join("; ")}`,
  );
  return over.length === 0 ? 0 : 1;
}

Deno.exit(await main(Deno.args));
