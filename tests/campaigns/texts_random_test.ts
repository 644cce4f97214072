import assert from "node:assert/strict";
import { countSegments } from "../../supabase/functions/_shared/messaging/segments.ts";
import { withDatabase } from "../support/db.ts";
import { type Dice, dice, pick, SEED, tries } from "../support/dice.ts";
import { slowSegments } from "../support/slow_segments.ts";
import { slowFill, slowPieces } from "../support/slow_template.ts";

/* What is counted and filled in over many random texts, against plain implementations that know nothing of ours. */

async function counted(texts: string[]): Promise<{ encoding: string; segments: number }[]> {
  const rows = await withDatabase((sql) =>
    sql`select s.encoding, s.segments from jsonb_array_elements_text(${
      sql.json(texts)
    }::jsonb) with ordinality t (body, n),
      private.sms_segments(t.body) s order by t.n`
  );
  return rows.map((row) => ({ encoding: row["encoding"], segments: row["segments"] }));
}

async function expectAlike(texts: string[]): Promise<void> {
  const inDatabase = await counted(texts);
  texts.forEach((text, index) => {
    const slow = slowSegments(text);
    const { encoding, segments } = countSegments(text);
    const shown = `SEED=${SEED}: ${JSON.stringify(text)}`;
    assert.deepEqual({ encoding, segments }, slow, shown);
    assert.deepEqual(inDatabase[index], slow, shown);
  });
}

Deno.test("each character is encoded as the tables say, in both counters", async () => {
  // NUL is in no text; halves of surrogate pairs are no characters.
  const codes = Array.from({ length: 0xffff }, (_, index) => index + 1)
    .filter((code) => code < 0xd800 || code > 0xdfff);
  const characters = [...codes, 0x10000, 0x1f600, 0x10ffff].map((code) =>
    String.fromCodePoint(code)
  );
  await expectAlike(characters);
});

const alphabets = [
  "abc xyz 0189",
  "a€{}[]\\^~|\f",
  "aé@£$_Δ\r\n",
  "a",
  "€",
  "😀",
  "aü€",
  "aç",
  "aá😀",
  "a\u{10ffff}ñ",
  "\u200d👨👩👧",
];
const borders = [69, 70, 71, 133, 134, 135, 153, 160, 161, 201, 306, 307, 459, 1_600];

function randomText(roll: Dice): string {
  const letters = [...pick(roll, alphabets)];
  const rare = [...pick(roll, alphabets)];
  const length = roll(3) === 0 ? roll(700) : pick(roll, borders) + roll(7) - 3;
  const wide = roll(2) === 0 ? 1 : 2;
  return Array.from(
    { length: Math.ceil(length / wide) },
    () => pick(roll, roll(25) === 0 ? rare : letters),
  ).join("");
}

Deno.test("segments of random texts are those of the slow count, in both counters", async () => {
  const roll = dice(SEED);
  await expectAlike(["", ...Array.from({ length: tries(2_000, 10_000) }, () => randomText(roll))]);
});

const pieces = [
  "{{first_name}}",
  "{{ first_name }}",
  "{{first_name|there}}",
  "{{ full_name | dear friend }}",
  "{{last_name|}}",
  "{{organization}}",
  "{{custom.program|a course}}",
  "{{custom.program}}",
  "{{unknown}}",
  "{{}}",
  "{{|x}}",
  "{{first_name|a|b}}",
  "{",
  "}",
  "{{",
  "}}",
  "{{first_name",
  "first_name}}",
  "{{a{{first_name}}b}}",
  " and ",
  "Hello, ",
  "%s $1 \\1",
  "é€😀",
  "\n",
];
const values = [
  "Ama",
  "",
  "   ",
  "{{last_name}}",
  "{{unknown}}",
  "}}{{first_name|x}}",
  "O'Brien; drop table",
  "\\1 $& %",
  "😀",
];
const known = ["first_name", "last_name", "full_name", "organization", "custom.program"];

async function renderedTexts(
  bodies: string[],
  given: Record<string, string>[],
): Promise<{ kept: string | null; filled: string | null }[]> {
  return await withDatabase(async (sql) => {
    let answer: { kept: string | null; filled: string | null }[] = [];
    await sql.begin(async (tx) => {
      const [row] =
        await tx`insert into public.organizations (name) values ('Random') returning id`;
      const id = String(row?.["id"]);
      await tx`insert into public.lead_fields (organization_id, key, label, position, type)
        values (${id}, 'program', 'Program', 1, 'text')`;
      await tx`create function pg_temp.kept(organization uuid, body text) returns text language plpgsql as $$
        begin
          return private.checked_marketing_text(organization, body);
        exception when others then
          return null;
        end $$`;
      const rows = await tx`
        select k.kept, case when k.kept is not null then private.render_template_text(k.kept, v.value) end as filled
        from jsonb_array_elements_text(${tx.json(bodies)}::jsonb) with ordinality b (body, n)
        join jsonb_array_elements(${
        tx.json(given)
      }::jsonb) with ordinality v (value, n) on v.n = b.n
        cross join lateral (select pg_temp.kept(${id}, b.body) as kept offset 0) k order by b.n`;
      answer = rows.map((one) => ({ kept: one["kept"], filled: one["filled"] }));
      throw new Error("undo");
    }).catch((error: Error) => assert.equal(error.message, "undo"));
    return answer;
  });
}

Deno.test("random templates are refused or filled in as the slow reader does, and values are never read as templates", async () => {
  const roll = dice(SEED);
  const bodies = Array.from(
    { length: tries(2_000, 10_000) },
    () =>
      Array.from({ length: 1 + roll(4) }, () => pick(roll, pieces)).join("") +
      " Reply STOP to end.",
  );
  const given = bodies.map(() =>
    Object.fromEntries(known.filter(() => roll(3) > 0).map((name) => [name, pick(roll, values)]))
  );
  const answers = await renderedTexts(bodies, given);
  let accepted = 0;
  bodies.forEach((body, index) => {
    const shown = `SEED=${SEED}: ${JSON.stringify(body)} ${JSON.stringify(given[index])}`;
    const read = slowPieces(body);
    const names = read?.flatMap((piece) => "name" in piece ? [piece.name] : []) ?? [];
    if (read === null || names.some((name) => !known.includes(name))) {
      assert.equal(answers[index]?.kept, null, shown);
      return;
    }
    accepted++;
    assert.ok(answers[index]?.kept, shown);
    assert.equal(answers[index]?.filled, slowFill(read, given[index] ?? {}), shown);
  });
  assert.ok(accepted > 200, `only ${accepted} were templates`);
});
