import assert from "node:assert/strict";
import { freePorts } from "../support/free_ports.ts";
import { KillableStack } from "../support/killable.ts";
import { until } from "../support/wait.ts";

const kinds = {
  leads: {
    rows: 16_000,
    file: (n: string) => `Lead ${n},+2332455${n}`,
    header: "name,phone",
    // What of the import is there: how many, how many different ones, and what follows from them.
    count: (stack: KillableStack, id: string) =>
      stack.sql`
        select count(*)::int as records, count(distinct phone)::int as different, count(*)::int as follows
        from public.leads where import_id = ${id}`,
  },
  clients: {
    rows: 8_000,
    file: (n: string) => `Client ${n},C-${n},2024-01-01,2025-01-01,10`,
    header: "name,external id,since,churned on,mrr",
    count: (stack: KillableStack, id: string) =>
      stack.sql`
        select count(*)::int as records, count(distinct c.external_id)::int as different, (
          select count(*)::int / 2 from public.client_movements m where m.organization_id = i.organization_id
            and m.client_id = any (array_agg(c.id))) as follows
        from public.lead_imports i join public.clients c
          on c.organization_id = i.organization_id and c.name like 'Client 0%'
        where i.id = ${id} group by i.organization_id`,
  },
};

type Progress = { status: string; processed: number; created: number; skipped: number };

async function killed(kind: keyof typeof kinds, firstPort: number): Promise<void> {
  const { rows, file, header, count } = kinds[kind];
  const stack = await KillableStack.start(freePorts(firstPort));
  try {
    const token = await stack.demoToken("admin");
    const form = new FormData();
    const lines = Array.from({ length: rows }, (_, index) => file(String(index).padStart(5, "0")));
    form.append("file", new File([`${header}\n${lines.join("\n")}\n`], "file.csv"));
    const { upload_id, suggested_mapping: mapping } = await stack.post<
      { upload_id: string; suggested_mapping: unknown }
    >(token, `/${kind}/import/preview`, form);
    const { import_id } = await stack.post<{ import_id: string }>(
      token,
      `/${kind}/import/execute`,
      { upload_id, mapping },
    );
    const progress = () => stack.get<Progress>(token, `/${kind}/import/${import_id}`);
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
    const [found] = await count(stack, import_id);
    assert.deepEqual({ ...found }, { records: rows, different: rows, follows: rows });
  } finally {
    await stack.stop();
  }
}

Deno.test("a stack killed in the middle of an import finishes it after its next start, every row exactly once", async () => {
  await killed("leads", 31_800);
});

Deno.test("so does one in the middle of an import of clients, every movement exactly once", async () => {
  await killed("clients", 31_840);
});
