import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { startStack, tokenOf } from "./support/own_stack.ts";
import { freePorts } from "./support/free_ports.ts";
import { until } from "./support/wait.ts";
import type { Status } from "../local/status_file.ts";

const rows = 16_000;

async function call<T>(status: Status, token: string, path: string, body?: unknown): Promise<T> {
  const form = body instanceof FormData;
  const response = await fetch(`${status.api_url}/functions/v1${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${token}`,
      ...(form || body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: form ? body : JSON.stringify(body) }),
  });
  const answer = await response.json();
  assert.ok(response.ok, JSON.stringify(answer));
  return answer;
}

type Progress = { status: string; processed: number; created: number; skipped: number };

Deno.test("a stack killed in the middle of an import finishes it after its next start, every row exactly once", async () => {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-import-kill-" });
  const port = freePorts(31_800);
  const first = await startStack(folder, port);
  let running = first.child;
  try {
    const token = await tokenOf(first.status, "admin@demo.signalbox.test");
    const form = new FormData();
    const lines = Array.from(
      { length: rows },
      (_, index) => `Lead ${index},+2332455${String(index).padStart(5, "0")}`,
    );
    form.append("file", new File([`name,phone\n${lines.join("\n")}\n`], "leads.csv"));
    const { upload_id, suggested_mapping: mapping } = await call<
      { upload_id: string; suggested_mapping: unknown }
    >(first.status, token, "/leads/import/preview", form);
    const { import_id } = await call<{ import_id: string }>(
      first.status,
      token,
      "/leads/import/execute",
      { upload_id, mapping },
    );
    const path = `/leads/import/${import_id}`;
    await until(async () => (await call<Progress>(first.status, token, path)).processed > 0, {
      timeoutMs: 300_000,
      what: "the first slice",
    });
    first.child.kill("SIGKILL");
    await first.child.status;
    await Deno.remove(join(folder, "status.json"));

    const second = await startStack(folder, port);
    running = second.child;
    const again = await tokenOf(second.status, "admin@demo.signalbox.test");
    const before = await call<Progress>(second.status, again, path);
    assert.ok(before.processed < rows, "the kill came in the middle");
    // The lost run's lease ends, and the timetable starts another.
    const result = await until(async () => {
      const progress = await call<Progress>(second.status, again, path);
      return progress.status === "done" && progress;
    }, { timeoutMs: 480_000, what: "the rest of the import" });
    assert.deepEqual([result.processed, result.created, result.skipped], [rows, rows, 0]);
    const sql = postgres(second.status.db_url, { max: 1 });
    const [count] = await sql`
      select count(*)::int as leads, count(distinct phone)::int as phones from public.leads where import_id = ${import_id}`;
    await sql.end();
    assert.deepEqual({ ...count }, { leads: rows, phones: rows });
  } finally {
    running.kill("SIGTERM");
    await running.status;
    await Deno.remove(folder, { recursive: true });
  }
});
