import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { dice, SEED, tries } from "../support/dice.ts";
import { sampleOf } from "../support/pattern_samples.ts";

const SAMPLES = tries(40, 1_000);

Deno.test("what a rule of the system finds holds one of its literals, so that nobody's opt-out is passed over", async () => {
  const roll = dice(SEED);
  await withDatabase(async (sql) => {
    const rules = await sql<{ id: string; pattern: string }[]>`
      select id, pattern from public.reply_rules
      where organization_id is null and kind <> 'keyword' and not as_written and literals is not null`;
    assert.ok(rules.length > 200);
    const samples = rules.flatMap(({ id, pattern }) =>
      Array.from({ length: SAMPLES }, () => {
        const sample = sampleOf(pattern.replace(/^\^|\$$/g, ""), roll);
        return sample.startsWith(".")
          ? [sample]
          : [`. see this ${sample} .`, `. ${sample} .`, `. d'${sample} .`];
      }).flat().map((said) => ({ id, said }))
    );
    const found = await sql<{ id: string; missed: string[] | null }[]>`
      select r.id, array_agg(s.said) filter (where not s.said || replace(s.said, '''', ''' ') like any (r.literals))
        as missed
      from jsonb_to_recordset(${sql.json(samples)}) as s (id uuid, said text)
      join public.reply_rules r on r.id = s.id
      where s.said ~ r.pattern group by r.id`;
    assert.deepEqual(found.filter(({ missed }) => missed !== null), [], `SEED=${SEED}`);
    const untried = rules.filter((rule) => !found.some(({ id }) => id === rule.id));
    assert.deepEqual(untried.map(({ pattern }) => pattern), [], `no sample fits, SEED=${SEED}`);
  });
});
