import type { FrozenRow, FrozenRun } from "../../supabase/functions/_shared/reports/run.ts";
import { pdfFormat } from "../../supabase/functions/_shared/reports/pdf/format.ts";

/** A run of a report whose rows are frozen, as a writer gets it. */
export const frozenRun = (wanted: Partial<FrozenRun>): FrozenRun => ({
  id: "01a1fdc6-1ac2-7b4f-9ff0-bb41e3b34ace",
  name: "Leads — تقرير",
  organization_name: "Ɔkwan School",
  owner_name: "Ɖela Agyemaŋ",
  definition: { source: "leads", filters: {}, grouping: [], sorting: [] },
  time_zone: "Africa/Accra",
  period: null,
  columns: [],
  totals: [],
  row_count: 0,
  records: 0,
  row_limit: 1_000,
  truncated: false,
  partial: [],
  as_of: "2026-12-01T08:00:00Z",
  frozen_at: "2026-12-01T08:00:01Z",
  ...wanted,
});

const font = (name: string) =>
  Deno.readFile(new URL(`../../supabase/functions/report-jobs/fonts/${name}.ttf`, import.meta.url));

/** The PDF of a run. */
export async function pdfOf(run: FrozenRun, rows: readonly FrozenRow[]) {
  const [regular, bold] = await Promise.all([font("DejaVuSans"), font("DejaVuSans-Bold")]);
  return await pdfFormat({ regular, bold }).write(run, rows);
}
