import type postgres from "postgres";
import type { Cells, Problem } from "../cells.ts";
import type { Context, Draft, Entity, Written } from "../entity.ts";

/** The custom field of clients that holds them, a line for each: they are history, and nothing here computes with them. */
const FIELD = "Predictions of ChurnGuard";
/** Custom fields of a client have room for 20,000 bytes. */
const MAX_LENGTH = 12_000;

/** One prediction as a line: its day, the four quarters, the incident and what was recommended. */
function lineOf(cells: Cells): string {
  const quarters = [1, 2, 3, 4].flatMap((quarter) => {
    const value = cells.raw(`q${quarter}`);
    return value === null ? [] : [`Q${quarter} ${value}`];
  });
  const incident = cells.text("incident", 200);
  const recommendation = cells.text("recommendation", 1_000);
  const day = cells.time("at")?.slice(0, 10) ?? "without a date";
  const parts = [
    quarters.join(", "),
    incident && `most likely: ${incident}`,
    recommendation && `recommended: ${recommendation}`,
  ].filter((part) => part);
  return `${day}: ${parts.join("; ")}`;
}

interface Holder {
  id: string;
  updated_at: string;
  lines: string[];
}

async function holdersOf(
  tx: postgres.TransactionSql,
  numbers: string[],
  { organizationId }: Context,
): Promise<Map<string, Holder>> {
  const found = await tx`
    select distinct on (external_id) external_id, id::text, updated_at::text,
      case jsonb_typeof(custom_fields -> ${FIELD}) when 'array' then custom_fields -> ${FIELD} else '[]' end as lines
    from public.clients where organization_id = ${organizationId} and deleted_at is null
      and external_id = any (${numbers}) order by external_id, created_at`;
  return new Map(
    found.map((row) => [
      String(row["external_id"]),
      { id: row["id"], updated_at: row["updated_at"], lines: row["lines"] },
    ]),
  );
}

async function writeLines(tx: postgres.TransactionSql, holders: Holder[]): Promise<void> {
  const rows = JSON.stringify(holders);
  await tx`
    update public.clients c set custom_fields = c.custom_fields || jsonb_build_object(${FIELD}::text, h.lines)
    from jsonb_to_recordset((${rows}::text)::jsonb) as h (id uuid, lines jsonb) where c.id = h.id`;
  // The client was not edited: it keeps its time.
  await tx`
    update public.clients c set updated_at = h.updated_at
    from jsonb_to_recordset((${rows}::text)::jsonb) as h (id uuid, updated_at timestamptz) where c.id = h.id`;
}

async function write(
  tx: postgres.TransactionSql,
  drafts: Draft[],
  context: Context,
): Promise<Written> {
  const numbers = drafts.map(({ row }) => String(row["number"]));
  const holders = await holdersOf(tx, numbers, context);
  const changed = new Set<Holder>();
  const problems: Problem[] = [];
  let [brought, present] = [0, 0];
  for (const { oldId, row } of drafts) {
    const [number, line] = [String(row["number"]), String(row["prediction"])];
    const holder = holders.get(number);
    const leaveOut = (message: string) =>
      problems.push({ old_id: oldId, field: "number", value: number, message, left_out: true });
    if (holder === undefined) leaveOut("No client has this number.");
    else if (holder.lines.includes(line)) present++;
    else if (holder.lines.join("").length + line.length > MAX_LENGTH) {
      leaveOut("The client has no room for more predictions.");
    } else {
      holder.lines.push(line);
      changed.add(holder);
      brought++;
    }
  }
  await writeLines(tx, [...changed]);
  return { brought, present, problems };
}

/** What the old service predicted for customers, by their number. */
export const clientPredictions: Entity = {
  required: ["number"],
  counted: {
    from: `(select c.organization_id, c.external_id as number, p.prediction from public.clients c
      cross join lateral jsonb_array_elements_text(case jsonb_typeof(c.custom_fields -> '${FIELD}')
        when 'array' then c.custom_fields -> '${FIELD}' else '[]' end) p (prediction))`,
    by: { number: "text", prediction: "text" },
  },
  read(cells, context) {
    const number = cells.text("number", 100);
    if (number === null) {
      cells.leaveOut("number", "A prediction names a customer.");
      return null;
    }
    return { organization_id: context.organizationId, number, prediction: lineOf(cells) };
  },
  write,
};
