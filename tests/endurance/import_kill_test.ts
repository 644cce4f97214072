import assert from "node:assert/strict";
import { freePorts } from "../support/free_ports.ts";
import { KillableStack } from "../support/killable.ts";
import { until } from "../support/wait.ts";

const rows = 16_000;

type Progress = { status: string; processed: number; created: number; skipped: number };

Deno.test("a stack killed in the middle of an import finishes it after its next start, every row exactly once", async () => {
  const stack = await KillableStack.start(freePorts(31_800));
  try {
    const token = await stack.demoToken("admin");
    const form = new FormData();
    const lines = Array.from(
      { length: rows },
      (_, index) => `Lead ${index},+2332455${String(index).padStart(5, "0")}`,
    );
    form.append("file", new File([`name,phone\n${lines.join("\n")}\n`], "leads.csv"));
    const { upload_id, suggested_mapping: mapping } = await stack.post<
      { upload_id: string; suggested_mapping: unknown }
    >(token, "/leads/import/preview", form);
    const { import_id } = await stack.post<{ import_id: string }>(token, "/leads/import/execute", {
      upload_id,
      mapping,
    });
    const progress = () => stack.get<Progress>(token, `/leads/import/${import_id}`);
    await until(async () => (await progress()).processed > 0, {
      timeoutMs: 300_000,
      what: "the first slice",
    });
    await stack.killAndStart();
    assert.ok((await progress()).processed < rows, "the kill came in the middle");
    // The lost run's lease ends, and the timetable starts another.
    const result = await until(async () => {
      const now = await progress();
      return now.status === "done" && now;
    }, { timeoutMs: 480_000, what: "the rest of the import" });
    assert.deepEqual([result.processed, result.created, result.skipped], [rows, rows, 0]);
    const [count] = await stack.sql`
      select count(*)::int as leads, count(distinct phone)::int as phones from public.leads where import_id = ${import_id}`;
    assert.deepEqual({ ...count }, { leads: rows, phones: rows });
  } finally {
    await stack.stop();
  }
});
