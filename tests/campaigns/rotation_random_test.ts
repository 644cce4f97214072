import assert from "node:assert/strict";
import type postgres from "postgres";
import { withDatabase } from "../support/db.ts";
import { type Dice, dice, SEED, tries } from "../support/dice.ts";

/*
 * Which wording a recipient gets depends on the campaign and the number alone. Each share is the hash's, and goes to the
 * wordings by their weights: walked through here with whole numbers, without the product's cumulated fractions.
 */

interface Wording {
  variant_id: string;
  weight: bigint;
}

/** Templates with random weights, some of them zero, in the order in which their wordings are told apart. */
async function makeCampaign(tx: postgres.TransactionSql, roll: Dice): Promise<{
  id: string;
  organization: string;
  wordings: Wording[];
}> {
  const [organization] = await tx`insert into public.organizations (name, marketing_consent)
    values ('Rotation', 'not_required') returning id`;
  const [campaign] =
    await tx`insert into public.campaigns (organization_id, name, audience, status, started_at)
    values (${
      organization?.["id"]
    }, 'R', '{"filter": {}}', 'freezing', now() + interval '1 hour') returning id`;
  for (let number = 0; number < 1 + roll(3); number++) {
    const [template] =
      await tx`insert into public.templates (organization_id, name, category, body, weight)
      values (${organization?.["id"]}, ${`T${number}`}, 'marketing', 'Hi. Reply STOP to end.', ${
        1 + roll(5)
      }) returning id`;
    for (let variant = 0; variant < roll(4); variant++) {
      await tx`insert into public.template_variants (organization_id, template_id, label, body, weight)
        values (${organization?.["id"]}, ${
        template?.["id"]
      }, ${`V${variant}`}, 'Hi! Reply STOP to end.', ${roll(4)})`;
    }
    await tx`insert into public.campaign_templates (organization_id, campaign_id, template_id, weight)
      values (${organization?.["id"]}, ${campaign?.["id"]}, ${template?.["id"]}, ${1 + roll(4)})`;
  }
  const rows = await tx`
    select variant_id, weight from (
      select t.id as template_id, t.id as variant_id, c.weight * t.weight as weight
      from public.campaign_templates c join public.templates t on t.id = c.template_id where c.campaign_id = ${
    campaign?.["id"]
  }
      union all
      select v.template_id, v.id, c.weight * v.weight
      from public.campaign_templates c join public.template_variants v on v.template_id = c.template_id
      where c.campaign_id = ${campaign?.["id"]}) w
    where weight > 0 order by template_id, variant_id`;
  return {
    id: String(campaign?.["id"]),
    organization: String(organization?.["id"]),
    wordings: rows.map((row) => ({
      variant_id: row["variant_id"],
      weight: BigInt(row["weight"]),
    })),
  };
}

/** Walks through the wordings until the share is used up. */
function slowWording(wordings: Wording[], share: bigint, outOf: bigint): string | undefined {
  const whole = wordings.reduce((sum, { weight }) => sum + weight, 0n);
  let left = share * whole;
  for (const { variant_id, weight } of wordings) {
    left -= weight * outOf;
    if (left < 0n) return variant_id;
  }
  return undefined;
}

async function freeze(tx: postgres.TransactionSql, id: string, size: number) {
  await tx`delete from public.campaign_targets where campaign_id = ${id}`;
  await tx`update public.campaigns set status = 'freezing', snapshot_cursor = null, frozen_at = null where id = ${id}`;
  for (let done = false; !done;) {
    const [row] = await tx`select private.snapshot_audience_batch(${id}, ${size}) as answer`;
    done = row?.["answer"].done;
  }
  const rows = await tx`select phone, variant_id, status,
      (hashtextextended(${id}::uuid || phone, 0) & 1073741823)::text as share
    from public.campaign_targets where campaign_id = ${id} and phone is not null order by phone, position`;
  return rows.map((row) => ({
    phone: String(row["phone"]),
    variant: String(row["variant_id"]),
    share: BigInt(row["share"]),
  }));
}

Deno.test("each recipient gets the wording of its share, the same whenever and in whatever slices the audience is frozen", async () => {
  const roll = dice(SEED);
  for (let round = 0; round < tries(2, 10); round++) {
    await withDatabase(async (sql) => {
      await sql.begin(async (tx) => {
        const { id, organization, wordings } = await makeCampaign(tx, roll);
        await tx`insert into public.leads (organization_id, first_name, phone)
          select ${organization}, 'Lead ' || n, '+23327' || (1000000 + n) from generate_series(1, 1500) n`;
        const first = await freeze(tx, id, 5_000);
        assert.equal(first.length, 1_500);
        const counts = new Map<string, number>();
        for (const { phone, variant, share } of first) {
          const wanted = slowWording(wordings, share, 1_073_741_824n);
          assert.equal(variant, wanted, `SEED=${SEED}, round ${round}: ${phone}`);
          counts.set(variant, (counts.get(variant) ?? 0) + 1);
        }
        const whole = Number(wordings.reduce((sum, { weight }) => sum + weight, 0n));
        for (const { variant_id, weight } of wordings) {
          const expected = 1_500 * Number(weight) / whole;
          const spread = Math.sqrt(expected * (1 - Number(weight) / whole));
          const got = counts.get(variant_id) ?? 0;
          assert.ok(
            Math.abs(got - expected) <= 5 * spread + 1,
            `SEED=${SEED}: ${got} instead of ${expected}`,
          );
        }
        // Some leave, some come, one comes twice, and the slices are small: leads that stay keep their wording.
        await tx`update public.leads set deleted_at = now() where organization_id = ${organization} and phone like '%7'`;
        await tx`insert into public.leads (organization_id, first_name, phone)
          select ${organization}, 'Again', '+23327' || (1000000 + n) from generate_series(1, 30) n`;
        const again = new Map(
          (await freeze(tx, id, 97)).map(({ phone, variant }) => [phone, variant]),
        );
        for (const { phone, variant } of first.filter(({ phone }) => again.has(phone))) {
          assert.equal(again.get(phone), variant, `SEED=${SEED}: ${phone}`);
        }
        throw new Error("undo");
      }).catch((error: Error) => assert.equal(error.message, "undo", error.stack));
    });
  }
});
