import assert from "node:assert/strict";
import { doubtful, ordinary, stops } from "../fixtures/replies.ts";
import { withDatabase } from "../support/db.ts";
import { assertQuick } from "../support/quick.ts";

async function understood(replies: string[]): Promise<Map<string, string | null>> {
  return await withDatabase(async (sql) => {
    const rows =
      await sql`select body, u.meaning, u.recognized_by, u.rule_id from unnest(${replies}::text[]) body,
      private.classify_reply(${crypto.randomUUID()}, body) u`;
    for (const row of rows) {
      const complete = (row["meaning"] === null) === (row["rule_id"] === null) &&
        (row["meaning"] === null) === (row["recognized_by"] === null);
      assert.ok(complete, `${row["body"]}: ${row["meaning"]} by no rule`);
    }
    return new Map(rows.map((row) => [row["body"], row["meaning"]]));
  });
}

async function expectMeaning(replies: string[], allowed: (string | null)[]) {
  const meanings = await understood(replies);
  const wrong = replies.filter((reply) => !allowed.includes(meanings.get(reply) ?? null))
    .map((reply) => `${JSON.stringify(reply)} is taken for ${meanings.get(reply)}`);
  assert.deepEqual(wrong, []);
}

Deno.test("an opt-out is understood in any reasonable words", async () => {
  assert.ok(stops.length >= 80);
  await expectMeaning(stops, ["stop"]);
});

Deno.test("what only sounds like an opt-out costs nobody their texts", async () => {
  assert.ok(ordinary.length >= 80);
  // "Yes" opts in where there is an opt-out to undo.
  await expectMeaning(ordinary, [null, "start"]);
});

Deno.test("what may be an opt-out is left to a person", async () => {
  await expectMeaning(doubtful, ["doubtful"]);
});

Deno.test("capitals, surrounding noise and typography change nothing", async () => {
  const noisy = stops.filter((reply) => reply.length > 0 && !reply.includes("\n"))
    .flatMap((reply) => [reply.toUpperCase(), `  ${reply} !!! 🙏`, reply.replaceAll("'", "’")]);
  await expectMeaning(noisy, ["stop"]);
});

Deno.test("a reply of any length and any characters is read in no time", async () => {
  const long = [
    "stop ".repeat(320),
    "a".repeat(1600),
    "don't stop ".repeat(140),
    ". ".repeat(800),
    "ß\u0000".replace("\u0000", "\u{1F600}").repeat(500),
    "no no ".repeat(260),
  ];
  const started = performance.now();
  await understood(long);
  assertQuick(started, 3_000);
});

Deno.test("a word counts from its first day to its last", async () => {
  await withDatabase(async (sql) => {
    await sql.begin(async (tx) => {
      await tx`insert into public.reply_rules (kind, meaning, pattern, source, effective_from, effective_to)
        values ('keyword', 'stop', 'fertig jetzt', 'A test', '2027-01-10', '2027-01-20')`;
      const rows =
        await tx`select day::text, (private.classify_reply(${crypto.randomUUID()}, 'Fertig jetzt!', at => day)).meaning
        from unnest(array['2027-01-09', '2027-01-10', '2027-01-20', '2027-01-21']::date[]) day order by day`;
      assert.deepEqual(rows.map((row) => row["meaning"]), [null, "stop", "stop", null]);
      throw new Error("undo");
    }).catch((error: Error) => assert.equal(error.message, "undo"));
  });
});
