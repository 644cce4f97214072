import type postgres from "postgres";
import type { Context, Draft, Entity } from "../entity.ts";
import { PASSED_OVER } from "../entity.ts";
import { insertDrafts } from "../insert.ts";
import { derivedId } from "../legacy_id.ts";

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
        id: derivedId(
          String(row["created_at"]),
          "revocations",
          String(row["id"]),
        ),
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

/** The numbers of an old service that must not be texted, whatever table or flag says so. */
export const optOuts: Entity = {
  required: ["phone"],
  restarts: true,
  table: "suppressions",
  counted: { by: { phone: "text", scope: "text" } },
  read(cells, context, step) {
    if (cells.flag("active") === false || cells.raw("lifted_at") !== null) {
      return PASSED_OVER;
    }
    const text = cells.raw("phone");
    if (text === null) {
      cells.leaveOut("phone", "An opt-out without a number protects nobody.");
      return null;
    }
    const recognizable = context.optOuts.add(String(text));
    const phone = cells.phone(
      "phone",
      cells.country("country") ?? context.place.country,
    );
    if (phone === null) {
      cells.leaveOut("phone", "This is not a phone number.");
      if (recognizable) {
        cells.note(
          "digits",
          "Contacts whose number ends in the same nine digits are suppressed.",
        );
      }
      return null;
    }
    const at = cells.time("at") ?? context.now;
    const reason = cells.text("reason", 300);
    return {
      id: derivedId(at, context.organizationId, step.name, cells.oldId),
      organization_id: context.organizationId,
      phone,
      scope: cells.choice("scope", SCOPES) ?? "all",
      source: "import",
      reason: `Opted out of ${context.kind}${reason ? `: ${reason}` : ""}`,
      created_at: at,
    };
  },
  write: insertOptOuts,
};

/**
 * Suppresses contacts whose number has the last nine digits of an opt-out but is not suppressed: it was written without
 * its country there, or could not be read.
 */
export async function suppressSameDigits(
  tx: postgres.TransactionSql,
  drafts: Draft[],
  context: Context,
): Promise<void> {
  const phones = drafts.map(({ row }) => row["phone"])
    .filter((phone): phone is string => typeof phone === "string" && context.optOuts.has(phone));
  if (phones.length === 0) return;
  await tx`
    insert into public.suppressions (organization_id, phone, scope, source, reason)
    select ${context.organizationId}, p.phone, 'all', 'import', ${`Opted out of ${context.kind}: the same last nine digits`}
    from (select distinct unnest(${phones}::text[]) as phone) p
    where not exists (select from public.suppressions s
      where s.organization_id = ${context.organizationId} and s.phone = p.phone)
    on conflict do nothing`;
}
