import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { dice, SEED, tries } from "../support/dice.ts";
import { sampleOf } from "../support/pattern_samples.ts";

const SAMPLES = tries(100, 1_000);

Deno.test("whatever a phrase of the system finds holds its part, so that nobody's opt-out is passed over", async () => {
  const roll = dice(SEED);
  await withDatabase(async (sql) => {
    const rules = await sql<{ id: string; pattern: string; part: string | null }[]>`
      select id, pattern, part from public.reply_rules where organization_id is null and kind = 'phrase'`;
    assert.ok(rules.length > 50);
    assert.deepEqual(rules.filter(({ part }) => part === null), [], "each has a part");
    const samples = rules.flatMap(({ id, pattern }) =>
      Array.from(
        { length: SAMPLES },
        () => ({ id, said: `. see this ${sampleOf(pattern, roll)} .` }),
      )
    );
    const found = await sql<{ id: string; missed: string[] | null }[]>`
      select r.id, array_agg(s.said) filter (where s.said !~ r.part) as missed
      from jsonb_to_recordset(${sql.json(samples)}) as s (id uuid, said text)
      join public.reply_rules r on r.id = s.id
      where replace(s.said, '. see this .', '.') ~ r.pattern or s.said ~ r.pattern group by r.id`;
    assert.deepEqual(found.filter(({ missed }) => missed !== null), [], `SEED=${SEED}`);
    const untried = rules.filter((rule) => !found.some(({ id }) => id === rule.id));
    assert.deepEqual(untried.map(({ pattern }) => pattern), [], `no sample fits, SEED=${SEED}`);
  });
});
