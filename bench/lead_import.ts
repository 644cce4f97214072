import type postgres from "postgres";
import { demoOrganization, type Session, signIn } from "./support/api.ts";
import { type Bench, type Benchmark, timed } from "./support/benchmark.ts";
import { phoneOf } from "./support/numbers.ts";

const rows = 100_000;
const waitMs = 600_000;

/** Leads whom nobody has yet: every file has numbers and addresses of its own. */
function csvOf(round: number): string {
  let csv = "first_name,last_name,email,phone,source,status,value,tags,country,region\n";
  for (let index = 0; index < rows; index++) {
    csv += `Kwame,Mensah ${index},lead${round}-${index}@example.com,${
      phoneOf(round * rows + index)
    },website,new,${(index * 1.37).toFixed(2)},web;fair,GH,Ashanti\n`;
  }
  return csv;
}

interface Progress {
  status: string;
  created: number;
  error: string | null;
}

async function finished(session: Session, id: string): Promise<Progress> {
  const ends = Date.now() + waitMs;
  for (;;) {
    const answer = await session.call({ method: "GET", path: `/leads/import/${id}` });
    const progress: Progress = await answer.json();
    if (!["queued", "running"].includes(progress.status) || Date.now() > ends) return progress;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The import as a client sees it: from its start until it says that it is done. */
async function ours(session: Session, csv: string): Promise<{ upload: number; run: number }> {
  const form = new FormData();
  form.append("file", new File([csv], "bench.csv"));
  let preview: { upload_id: string; suggested_mapping: Record<string, string> } | undefined;
  const upload = await timed(async () => {
    preview = await (await session.call({ path: "/leads/import/preview", body: form })).json();
  });
  const run = await timed(async () => {
    const body = { upload_id: preview?.upload_id, mapping: preview?.suggested_mapping };
    const { import_id } = await (await session.call({ path: "/leads/import/execute", body }))
      .json();
    const { status, created, error } = await finished(session, import_id);
    if (status !== "done" || created !== rows) {
      throw new Error(`The import is ${status} with ${created} leads: ${error}`);
    }
  });
  return { upload, run };
}

/** COPY of the file into a table without indexes, and one insert of its rows into the leads. */
async function copyAndInsert(sql: postgres.Sql, csv: string, triggers: boolean): Promise<number> {
  await sql`drop table if exists private.bench_leads`;
  await sql`create table private.bench_leads (first_name text, last_name text, email text, phone text, source text,
    status text, value numeric, tags text, country text, region text)`;
  try {
    return await timed(async () => {
      await sql.begin(async (t) => {
        const writable = await t`copy private.bench_leads from stdin with (format csv, header)`
          .writable();
        await new Promise<void>((resolve, reject) => {
          writable.on("error", reject).on("finish", () => resolve());
          writable.end(csv);
        });
        if (!triggers) await t`alter table public.leads disable trigger user`;
        await t`
          insert into public.leads (organization_id, first_name, last_name, email, phone, source, status, value, currency,
            tags, country, region, furthest_status)
          select ${demoOrganization}::uuid, first_name, last_name, email, phone, source, status, value, 'GHS',
            string_to_array(tags, ';'), country, region, status
          from private.bench_leads`;
        if (!triggers) await t`alter table public.leads enable trigger user`;
      });
    });
  } finally {
    await sql`drop table private.bench_leads`;
  }
}

async function emptied(sql: postgres.Sql): Promise<void> {
  await sql`delete from public.leads where organization_id = ${demoOrganization}`;
  await sql`truncate private.lead_import_errors`;
  await sql`vacuum analyze public.leads`;
}

async function run({ status, sql, say }: Bench) {
  const session = await signIn(status, "admin");
  const rate = (ms: number) => rows / (ms / 1000);
  // In turn, each into the same emptied tables; what warms them up is not counted.
  const bare = await copyAndInsert(sql, csvOf(1), false);
  await emptied(sql);
  const { upload, run } = await ours(session, csvOf(2));
  await emptied(sql);
  const baseline = await copyAndInsert(sql, csvOf(3), true);
  await emptied(sql);
  say(
    `upload ${Math.round(upload)} ms, import ${Math.round(run)} ms, baseline ${
      Math.round(baseline)
    } ms, without triggers ${Math.round(bare)} ms`,
  );
  const what = `${rows.toLocaleString("en")} leads from CSV`;
  return {
    rows: [
      {
        what,
        ours: rate(run),
        baseline: rate(baseline),
        unit: "rows/s",
        target: { atLeast: 0.3 },
      },
      {
        what: `${what}, against an insert without any trigger`,
        ours: rate(run),
        baseline: rate(bare),
        unit: "rows/s",
      },
      { what: "uploading and previewing that file", ours: upload, unit: "ms" },
    ],
    notes: [
      "Ours is from POST /leads/import/execute until the import says that it is done, with everything in it: reading, " +
      "phone numbers, duplicates, the ledger, totals, clocks and audit log. The baseline is COPY into a bare table and one " +
      "`insert … select` into the leads, with the same indexes and triggers.",
    ],
  };
}

/** How fast a file of leads is imported, against COPY and one insert of the same rows. */
export const leadImport: Benchmark = { title: "Importing leads", run };
