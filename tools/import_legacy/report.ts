import { join } from "node:path";
import { toCsv } from "../../supabase/functions/_shared/csv.ts";
import type { ImportReport, StepReport } from "./run.ts";

const line = (cells: (string | number)[]): string =>
  cells.map((cell, index) => index === 0 ? String(cell).padEnd(22) : String(cell).padStart(13))
    .join(" ");

function differences({ step, comparison }: StepReport): string[] {
  if (comparison === null) return [];
  const { read, there } = comparison;
  const values = new Set([...Object.keys(read.by), ...Object.keys(there.by)]);
  return [
    ...(read.rows === there.rows ? [] : [`${step}: ${read.rows} rows there, ${there.rows} here`]),
    ...(read.sum === there.sum ? [] : [`${step}: ${read.sum} there, ${there.sum} here`]),
    ...[...values].filter((value) => read.by[value] !== there.by[value])
      .map((value) =>
        `${step}, ${value}: ${read.by[value] ?? 0} there, ${there.by[value] ?? 0} here`
      ),
  ];
}

/** The report as a person reads it. */
export function describe(report: ImportReport): string {
  const rows = report.steps.map((
    { step, brought, present, left_out, passed_over, comparison },
  ) =>
    line([
      step,
      comparison?.old_rows ?? "",
      brought,
      present,
      left_out,
      passed_over,
      comparison?.there.rows ?? "",
      comparison?.read.sum ?? "",
      comparison?.there.sum ?? "",
    ])
  );
  const different = report.steps.flatMap(differences);
  const withoutId = report.steps.filter(({ comparison }) => (comparison?.without_id ?? 0) > 0)
    .map(({ step, comparison }) =>
      `${step}: ${comparison?.without_id} rows have no id and cannot be read`
    );
  const leftOutSums = report.steps.filter(({ comparison }) =>
    Number(comparison?.left_out_sum ?? 0) !== 0
  )
    .map(({ step, comparison }) =>
      `${step}: rows that were left out say ${comparison?.left_out_sum}, which is in neither sum`
    );
  return [
    line([
      "",
      "old rows",
      "imported",
      "there before",
      "left out",
      "passed over",
      "now here",
      "old sum",
      "sum here",
    ]),
    ...rows,
    "",
    ...(report.missing.length > 0 ? [`Not in the old database: ${report.missing.join(", ")}`] : []),
    ...report.notices,
    ...withoutId,
    ...leftOutSums,
    ...(different.length > 0
      ? ["The two sides differ:", ...different]
      : ["Every row that could be read is here, and the sums agree."]),
    `${report.problems.length} values or rows could not be read.`,
    ...(report.stopped === null ? [] : [report.stopped]),
    ...(report.dry_run ? ["This was a rehearsal: nothing was changed."] : []),
  ].join("\n");
}

const header = ["step", "old_id", "field", "value", "problem", "row_left_out"];

/** Writes report.json and problems.csv, readable by their owner only. */
export async function writeReport(
  folder: string,
  report: ImportReport,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const { problems, ...figures } = report;
  const rows = problems.map((
    { step, old_id, field, value, message, left_out },
  ) => [
    step,
    old_id,
    field,
    value,
    message,
    left_out ? "yes" : "no",
  ]);
  const options = { mode: 0o600 };
  await Deno.writeTextFile(
    join(folder, "report.json"),
    `${JSON.stringify(figures, null, 2)}\n`,
    options,
  );
  await Deno.writeTextFile(
    join(folder, "problems.csv"),
    toCsv([header, ...rows]),
    options,
  );
}
