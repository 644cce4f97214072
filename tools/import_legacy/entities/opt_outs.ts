import type postgres from "postgres";
import { normalizePhone } from "../../../supabase/functions/_shared/phone.ts";
import type { Cells } from "../cells.ts";
import type { Context, Draft, Entity } from "../entity.ts";
import { PASSED_OVER } from "../entity.ts";
import { insertDrafts } from "../insert.ts";
import { microsOf, siblingId, stableId } from "../legacy_id.ts";
import { numbersIn } from "../opt_out_digits.ts";

const SCOPES = new Set(["all", "marketing"]);

/** Inserts a suppression for each, and the revocation that led to it. Suppressions that a person lifted since stay lifted. */
export async function insertOptOuts(
  tx: postgres.TransactionSql,
  drafts: Draft[],
  context: Context,
) {
  const written = await insertDrafts(tx, {
    table: "suppressions",
    conflict: "",
  }, drafts);
  const revocations = await insertDrafts(
    tx,
    { table: "consents", conflict: "(id)" },
    drafts.map(({ oldId, row }) => ({
      oldId,
      row: {
        id: siblingId(String(row["id"]), "revocations"),
        organization_id: row["organization_id"],
        event: "revoked",
        phone: row["phone"],
        channel: "sms",
        scope: row["scope"],
        source: `import from ${context.kind}`,
        act: row["reason"],
        occurred_at: row["created_at"],
        outdated: false,
        created_at: context.now,
      },
    })),
  );
  // The suppression is what protects; a revocation that cannot be kept is a problem beside it.
  const beside = revocations.problems.map((problem) => ({
    ...problem,
    field: "revocation",
    left_out: false,
  }));
  return { ...written, problems: [...written.problems, ...beside] };
}

/** Of an opt-out that says both, the one that forbids counts; so does one that is later than its lifting. */
function isLifted(cells: Cells): boolean {
  const active = cells.flag("active");
  if (active !== null || cells.raw("lifted_at") === null) return active === false;
  const [at, lifted] = [cells.time("at"), cells.time("lifted_at")];
  return at === null || lifted === null || microsOf(at) <= microsOf(lifted);
}

/** Says which numbers of a cell nobody can be suppressed by, and which are known by their digits only. */
function leaveOutNumbers(cells: Cells, unread: { recognizable: boolean }[]): void {
  if (unread.length === 0) return;
  cells.leaveOut("phone", "This is not a phone number.");
  if (unread.every(({ recognizable }) => recognizable)) {
    cells.note("digits", "Contacts whose number ends in the same nine digits are suppressed.");
  }
}

/** The numbers of an old service that must not be texted, whatever table or flag says so. */
export const optOuts: Entity = {
  required: ["phone"],
  restarts: true,
  table: "suppressions",
  counted: { by: { phone: "text", scope: "text" } },
  read(cells, context, step) {
    if (isLifted(cells)) return PASSED_OVER;
    const numbers = new Set(cells.all("phone").flatMap((value) => numbersIn(String(value))));
    if (numbers.size === 0) {
      if (step.only === "opted_out" && !step.needs_number) return PASSED_OVER;
      cells.leaveOut("phone", "An opt-out without a number protects nobody.");
      return null;
    }
    const country = cells.country("country") ?? context.place.country;
    const at = cells.time("at");
    const reason = cells.text("reason", 300);
    const scope = cells.choice("scope", SCOPES) ?? "all";
    const rows: Record<string, unknown>[] = [];
    const unread: { recognizable: boolean }[] = [];
    for (const number of numbers) {
      const read = normalizePhone(number, country);
      const id = stableId(at, context.place.origin, step.name, cells.oldId, number);
      const optOut = { id, scope, at: at ?? context.now };
      const recognizable = context.optOuts.add(number, optOut);
      if (!read.ok) {
        unread.push({ recognizable });
        continue;
      }
      context.optOuts.add(read.phone, optOut);
      rows.push({
        id,
        organization_id: context.organizationId,
        phone: read.phone,
        scope,
        source: "import",
        reason: `Opted out of ${context.kind}${reason ? `: ${reason}` : ""}`,
        created_at: at ?? context.now,
      });
    }
    leaveOutNumbers(cells, unread);
    return rows;
  },
  write: insertOptOuts,
};

/**
 * Suppresses numbers that end in the last nine digits of an opt-out but are not suppressed: it was written without its
 * country there, or could not be read.
 */
async function suppressPhones(
  tx: postgres.TransactionSql,
  phones: string[],
  context: Context,
): Promise<void> {
  const rows = [...new Set(phones)].flatMap((phone) =>
    context.optOuts.find(phone).map(({ id, scope, at }) => ({
      id: siblingId(id, phone),
      opt_out_id: id,
      phone,
      scope,
      at,
    }))
  );
  if (rows.length === 0) return;
  await tx`
    insert into public.suppressions (id, organization_id, phone, scope, source, reason, created_at)
    select p.id, ${context.organizationId}, p.phone, p.scope, 'import',
      ${`Opted out of ${context.kind}: the same last nine digits`}, p.at
    from jsonb_to_recordset((${JSON.stringify(rows)}::text)::jsonb)
      as p (id uuid, opt_out_id uuid, phone text, scope text, at timestamptz)
    -- The opt-out itself and what followed from it stay lifted if a person lifted them.
    where not exists (select from public.suppressions s
      where s.organization_id = ${context.organizationId} and s.phone = p.phone
        and (s.scope in ('all', p.scope) and s.lifted_at is null or s.id in (p.opt_out_id, p.id)))
    on conflict do nothing`;
}

/** Suppresses those of the imported contacts that opted out under another spelling of their number. */
export const suppressSameDigits = (
  tx: postgres.TransactionSql,
  drafts: Draft[],
  context: Context,
): Promise<void> =>
  suppressPhones(
    tx,
    drafts.map(({ row }) => row["phone"]).filter((phone) => typeof phone === "string"),
    context,
  );

/** The same for all contacts of the organization, also those that were here before. */
export async function suppressContacts(
  tx: postgres.TransactionSql,
  context: Context,
): Promise<void> {
  const phones: string[] = [];
  const contacts = tx<{ phone: string }[]>`
    select phone from public.leads where organization_id = ${context.organizationId} and phone is not null
    union select phone from public.customers where organization_id = ${context.organizationId}
    union select phone from public.clients where organization_id = ${context.organizationId} and phone is not null
    union select phone from public.client_contacts
      where organization_id = ${context.organizationId} and phone is not null`;
  for await (const page of contacts.cursor(10_000)) {
    phones.push(
      ...page.map(({ phone }) => phone).filter((phone) => context.optOuts.find(phone).length > 0),
    );
  }
  await suppressPhones(tx, phones, context);
}
