import assert from "node:assert/strict";
import { type Meaning, type Reply, replyCorpus, score } from "../fixtures/reply_corpus.ts";
import { withDatabase } from "../support/db.ts";

const bodies = (replies: Reply[]) => replies.map(({ language, body }) => `${language}: ${body}`);

Deno.test("three thousand replies: no revocation is lost, and hardly anybody is unsubscribed without a wish", async () => {
  const corpus = replyCorpus();
  const meanings = await withDatabase((sql) =>
    sql<{ meaning: Meaning }[]>`
      select c.meaning from jsonb_array_elements(${
      sql.json(corpus)
    }) with ordinality as r (reply, place)
      cross join lateral private.classify_reply(null, r.reply ->> 'body',
        array(select jsonb_array_elements_text(r.reply -> 'sent'))) c
      order by r.place`
  );
  const found = score(corpus, meanings.map(({ meaning }) => meaning));
  assert.ok(found.revocations >= 1_500 && found.harmless >= 1_000, JSON.stringify(found));
  assert.deepEqual(bodies(found.lost), [], "revocations that were lost");
  assert.ok(
    found.notStopped.length <= found.revocations / 500,
    bodies(found.notStopped).join("\n"),
  );
  assert.ok(found.stopped.length <= found.harmless / 500, bodies(found.stopped).join("\n"));
  assert.ok(found.reviewed.length <= found.harmless / 100, bodies(found.reviewed).join("\n"));
});
