import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import type { Organization } from "../support/people.ts";
import {
  accepted,
  numberEnding,
  ordinaryNumber,
  reaches,
  send,
  texting,
} from "../support/texts.ts";
import { handsetSays, newSid } from "../support/twilio.ts";
import { until } from "../support/wait.ts";

interface Answer {
  purpose: string;
  body: string;
  status: string;
  from_number: string;
  segments: number;
}

const answersTo = (organization: Organization, phone: string): Promise<Answer[]> =>
  withDatabase(async (sql) => [
    ...await sql<Answer[]>`select purpose, body, status, from_number, segments from public.messages
      where organization_id = ${organization.id} and to_number = ${phone} and direction = 'outbound' order by id`,
  ]);

const ledgerOf = (organization: Organization, phone: string) =>
  withDatabase((sql) =>
    sql`select event, scope, source, act, raw_text, recognized_by, honored_at is not null as honored, message_id is not null as linked
      from public.consents where organization_id = ${organization.id} and phone = ${phone} order by id`
  );

const heldBack = (messageId: string) =>
  until(() =>
    withDatabase(async (sql) => {
      const [row] =
        await sql`select status, wait_reason from public.messages where id = ${messageId}`;
      return row?.["status"] === "queued" && row["wait_reason"] === "review";
    }), { what: "the text to be held back" });

async function suppressionsOf(organization: Organization): Promise<string[]> {
  const { data } = await organization.admin.client.from("suppressions")
    .select("scope, source, lifted_at").order("id");
  return (data ?? []).map((row) => `${row.scope} ${row.source}${row.lifted_at ? " lifted" : ""}`);
}

Deno.test("a free-text opt-out suppresses, is written down with its words, and is confirmed once", async () => {
  const { organization, clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  const sid = newSid();
  for (let times = 0; times < 3; times++) {
    await handsetSays(handset, twilio, "Please stop texting me!!", { MessageSid: sid });
  }
  assert.deepEqual(await suppressionsOf(organization), ["all reply"]);
  assert.deepEqual([...await ledgerOf(organization, handset)], [{
    event: "revoked",
    scope: "all",
    source: "reply",
    act: null,
    raw_text: "Please stop texting me!!",
    recognized_by: "phrase",
    honored: true,
    linked: true,
  }]);
  const texts = await until(async () => {
    const list = await accepted(handset);
    return list.length > 0 && list;
  }, { what: "the confirmation at the carrier" });
  assert.deepEqual(texts.map(({ body, from }) => ({ body, from })), [{
    body:
      "Texting Utility: you are unsubscribed and will get no more texts. Reply START to resubscribe.",
    from: twilio,
  }]);
  assert.equal((await send(clerk, { to: handset })).status, "suppressed");
  await handsetSays(handset, twilio, "STOP");
  assert.equal(
    (await answersTo(organization, handset)).filter(({ purpose }) =>
      purpose === "opt_out_confirmation"
    ).length,
    1,
  );
});

Deno.test("STOPs at the same moment are one suppression and one confirmation", async () => {
  const { organization, twilio } = await texting();
  const handset = ordinaryNumber();
  await Promise.all(
    ["STOP", "stop", "Stop!", "unsubscribe", "leave me alone", "STOP"].map((body) =>
      handsetSays(handset, twilio, body)
    ),
  );
  assert.deepEqual(await suppressionsOf(organization), ["all reply"]);
  assert.equal((await answersTo(organization, handset)).length, 1);
  assert.equal((await ledgerOf(organization, handset)).length, 6);
});

Deno.test("where the provider answered itself, nothing is added", async () => {
  const { organization, twilio } = await texting();
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "Nein danke", { OptOutType: "STOP" });
  assert.deepEqual(await suppressionsOf(organization), ["all reply"]);
  assert.equal((await ledgerOf(organization, handset))[0]?.["recognized_by"], "provider");
  await handsetSays(handset, twilio, "help", { OptOutType: "HELP" });
  await handsetSays(handset, twilio, "start", { OptOutType: "START" });
  assert.deepEqual(await suppressionsOf(organization), ["all reply lifted"]);
  assert.deepEqual(await answersTo(organization, handset), []);
});

Deno.test("START opts in again, is written down and confirmed; YES does so only after an opt-out", async () => {
  const { organization, clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  const say = (body: string) => handsetSays(handset, twilio, body);
  await say("Yes");
  assert.deepEqual([...await ledgerOf(organization, handset)], []);
  for (const word of ["Yes!", "start", "START"]) {
    if (word !== "START") await say("stop");
    await say(word);
  }
  assert.deepEqual(await suppressionsOf(organization), ["all reply lifted", "all reply lifted"]);
  assert.deepEqual(
    (await ledgerOf(organization, handset)).map((row) =>
      `${row["event"]} ${row["scope"]} ${row["act"]}`
    ),
    ["revoked all null", "granted marketing Yes!", "revoked all null", "granted marketing start"],
  );
  assert.deepEqual((await answersTo(organization, handset)).map(({ purpose }) => purpose), [
    "opt_out_confirmation",
    "opt_in_confirmation",
    "opt_out_confirmation",
    "opt_in_confirmation",
  ]);
  assert.equal((await send(clerk, { to: handset })).status, "queued");
});

Deno.test("HELP is answered with where to turn, also to who opted out, once a minute", async () => {
  const { organization, twilio } = await texting();
  const { error } = await organization.admin.client.from("organizations")
    .update({ contact_details: "help@utility.example" }).eq("id", organization.id);
  assert.equal(error, null);
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "STOP");
  await Promise.all(
    ["HELP", "info", "Help!"].map((body) => handsetSays(handset, twilio, body)),
  );
  await until(async () => (await accepted(handset)).length === 2, {
    what: "confirmation and help",
  });
  const answers = await answersTo(organization, handset);
  assert.deepEqual(answers.map(({ purpose }) => purpose), ["opt_out_confirmation", "help"]);
  assert.match(
    answers[1]?.body ?? "",
    /^Texting Utility: for help contact help@utility\.example\..*STOP/,
  );
});

Deno.test("an opt-out counts with characters in it that the database cannot store", async () => {
  const { organization, twilio } = await texting();
  const handset = ordinaryNumber();
  // GSM-7's @ is the character 0, and some carriers pass it on as that.
  await handsetSays(handset, twilio, "Stop\u0000", { MediaUrl0: "\u0000", NumMedia: "1" });
  assert.deepEqual(await suppressionsOf(organization), ["all reply"]);
  assert.deepEqual((await ledgerOf(organization, handset)).map((row) => row["raw_text"]), ["Stop"]);
});

Deno.test("STOP, HELP and START are each answered once, however often and at once the provider repeats them", async () => {
  const { organization, twilio } = await texting();
  const handset = ordinaryNumber();
  for (const [index, body] of ["stop", "help", "start"].entries()) {
    const sid = newSid();
    await Promise.all(
      Array.from({ length: 4 }, () => handsetSays(handset, twilio, body, { MessageSid: sid })),
    );
    await until(async () => (await accepted(handset)).length === index + 1, {
      what: `the answer to ${body}`,
    });
  }
  assert.deepEqual((await answersTo(organization, handset)).map(({ purpose }) => purpose), [
    "opt_out_confirmation",
    "help",
    "opt_in_confirmation",
  ]);
  assert.equal((await accepted(handset)).length, 3);
});

Deno.test("whom the provider refuses as opted out gets no more answers from that number until START", async () => {
  const { organization, twilio } = await texting();
  const handset = numberEnding("0004");
  const tried = () =>
    withDatabase((sql) =>
      sql`select purpose, status, error_code, attempts from public.messages
        where organization_id = ${organization.id} and direction = 'outbound' order by id`
    );
  const settled = (count: number) =>
    until(async () => {
      const rows = await tried();
      return rows.length === count && rows.every(({ status }) =>
        !["queued", "sending"].includes(status)
      ) &&
        rows.map((
          { purpose, status, error_code, attempts },
        ) => [purpose, status, error_code, attempts]);
    }, { what: `${count} answers with an outcome` });
  await handsetSays(handset, twilio, "please stop texting me");
  const first = ["opt_out_confirmation", "failed", "21610", 1];
  assert.deepEqual(await settled(1), [first]);
  await handsetSays(handset, twilio, "help");
  const second = ["help", "suppressed", "suppressed", 0];
  assert.deepEqual(await settled(2), [first, second]);
  await handsetSays(handset, twilio, "start");
  assert.deepEqual(await settled(3), [
    first,
    second,
    ["opt_in_confirmation", "failed", "21610", 1],
  ]);
});

Deno.test("answers go out in quiet hours, other texts wait", async () => {
  const { organization, clerk, twilio } = await texting();
  const { error } = await organization.admin.client.from("organizations")
    .update({ quiet_hours_start: "00:00", quiet_hours_end: "23:59" }).eq("id", organization.id);
  assert.equal(error, null);
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "stop");
  await until(async () => (await accepted(handset)).length === 1, { what: "the confirmation" });
  assert.equal((await send(clerk, { to: ordinaryNumber() })).status, "queued");
});

Deno.test("a reply belongs to the newest living lead with its number", async () => {
  const { organization, twilio } = await texting();
  const handset = ordinaryNumber();
  const lead = await withDatabase(async (sql) => {
    const rows =
      await sql`insert into public.leads (organization_id, first_name, phone, status, currency, created_at, deleted_at)
      select ${organization.id}, name, ${handset}, 'new', 'USD', at::timestamptz, gone::timestamptz
      from (values ('Old', '2026-01-01', null), ('Newest', '2026-03-01', null), ('Gone', '2026-05-01', '2026-06-01')) v (name, at, gone)
      returning id, first_name`;
    return rows.find((row) => row["first_name"] === "Newest")?.["id"];
  });
  await handsetSays(handset, twilio, "stop");
  const linked = await withDatabase((sql) =>
    sql`select distinct lead_id from (
      select lead_id from public.messages where organization_id = ${organization.id}
      union all select lead_id from public.consents where organization_id = ${organization.id}) l`
  );
  assert.deepEqual([...linked], [{ lead_id: lead }]);
});

Deno.test("a doubtful reply waits for a person, and texts to the number wait with it", async () => {
  const { organization, clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "not interested");
  await handsetSays(handset, twilio, "wrong number");
  const { client } = organization.admin;
  const { data: reviews } = await client.from("reply_reviews").select("id, phone, status");
  assert.equal(reviews?.length, 1);
  const review = reviews?.[0];
  assert.ok(review);
  assert.deepEqual([review.phone, review.status], [handset, "open"]);
  const queued = await send(clerk, { to: handset });
  await heldBack(queued.message_id);
  await handsetSays(handset, twilio, "help");
  await until(async () => (await accepted(handset)).length === 1, { what: "the answer to HELP" });

  const decide = (decision: string, from = client, organization_id = organization.id) =>
    from.rpc("decide_reply_review", { organization_id, review_id: review.id, decision });
  assert.equal((await decide("opt_out", clerk.client)).error?.hint, "permission_denied");
  const stranger = (await texting()).organization;
  assert.equal((await decide("opt_out", stranger.admin.client)).error?.hint, "not_a_member");
  assert.equal(
    (await decide("opt_out", stranger.admin.client, stranger.id)).error?.hint,
    "not_found",
  );
  assert.equal((await decide("perhaps")).error?.hint, "invalid_field");
  for (let times = 0; times < 2; times++) {
    const { data, error } = await decide("dismissed");
    assert.equal(error, null);
    assert.equal((data as { status: string }).status, "dismissed");
  }
  assert.equal((await decide("opt_out")).error?.hint, "already_decided");
  await until(() =>
    withDatabase(async (sql) => {
      await sql`select private.invoke('jobs/dispatch-messages')`;
      const [row] =
        await sql`select status, error_code from public.messages where id = ${queued.message_id}`;
      return row?.["status"] === "delivered" && row["error_code"] === null;
    }), { what: "the text that waited" });
  assert.deepEqual(await suppressionsOf(organization), []);
});

Deno.test("a person's opt-out is the number's own: suppressed, written down, confirmed while it is fresh", async () => {
  const { organization, clerk, twilio } = await texting();
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "sick of these texts");
  const { data } = await organization.admin.client.from("reply_reviews").select("id").single();
  assert.ok(data);
  const waiting = await send(clerk, { to: handset });
  await heldBack(waiting.message_id);
  const decided = await organization.admin.client.rpc("decide_reply_review", {
    organization_id: organization.id,
    review_id: data.id,
    decision: "opt_out",
  });
  assert.equal(decided.error, null);
  await withDatabase((sql) => sql`select private.invoke('jobs/dispatch-messages')`);
  await reaches(clerk, waiting.message_id, "suppressed");
  assert.deepEqual(await suppressionsOf(organization), ["all reply"]);
  assert.deepEqual(
    (await ledgerOf(organization, handset)).map((row) => [row["recognized_by"], row["raw_text"]]),
    [
      ["person", "sick of these texts"],
    ],
  );
  assert.deepEqual((await answersTo(organization, handset)).map(({ purpose }) => purpose), [
    "custom",
    "opt_out_confirmation",
  ]);
});

Deno.test("who speaks clearly later needs no person's judgement", async () => {
  const { organization, twilio } = await texting();
  const [one, other] = [ordinaryNumber(), ordinaryNumber()];
  for (const [handset, word] of [[one, "STOP"], [other, "START"]] as const) {
    await handsetSays(handset, twilio, "enough");
    await handsetSays(handset, twilio, word);
  }
  const { data } = await organization.admin.client.from("reply_reviews").select(
    "phone, status, decided_by",
  ).order("id");
  assert.deepEqual(data, [
    { phone: one, status: "opt_out", decided_by: null },
    { phone: other, status: "dismissed", decided_by: null },
  ]);
});

Deno.test("an organization adds words of its own, which bind it alone", async () => {
  const { organization, clerk, twilio } = await texting();
  const elsewhere = await texting();
  const { client } = organization.admin;
  const add = (rule: Record<string, string>, from = client) =>
    from.rpc("create_reply_rule", { organization_id: organization.id, rule });
  assert.equal(
    (await add({ kind: "keyword", meaning: "stop", pattern: "HALT!" }, clerk.client)).error?.hint,
    "permission_denied",
  );
  for (const pattern of ["(", "a*", "(x)\\1", "***=x"]) {
    assert.equal(
      (await add({ kind: "phrase", meaning: "stop", pattern })).error?.hint,
      "invalid_field",
      pattern,
    );
  }
  assert.equal(
    (await add({ kind: "keyword", meaning: "stop", pattern: "!!" })).error?.hint,
    "invalid_field",
  );
  const added = await add({
    kind: "keyword",
    meaning: "stop",
    language: "de",
    pattern: " Kesselbier! ",
  });
  assert.equal(added.error, null);
  assert.equal(
    (await add({ kind: "not_phrase", meaning: "stop", pattern: "stop sending the alerts" })).error,
    null,
  );

  const meaning = async (
    body: string,
    { organization: { id, admin } }: { organization: Organization },
  ) => {
    const { data, error } = await admin.client.rpc("try_reply", { organization_id: id, body });
    assert.equal(error, null);
    return (data as { meaning: string | null }).meaning;
  };
  assert.equal(await meaning("kesselbier", { organization }), "stop");
  assert.equal(await meaning("kesselbier", elsewhere), null);
  // What the system understands as an opt-out, an organization can only hand to a person.
  assert.equal(await meaning("please stop sending the alerts", { organization }), "doubtful");
  assert.equal(await meaning("please stop sending the alerts", elsewhere), "stop");
  const handset = ordinaryNumber();
  await handsetSays(handset, twilio, "Kesselbier");
  assert.deepEqual(await suppressionsOf(organization), ["all reply"]);

  const rule_id = (added.data as { id: string }).id;
  const remove = (from: Organization) =>
    from.admin.client.rpc("delete_reply_rule", { organization_id: from.id, rule_id });
  assert.equal((await remove(elsewhere.organization)).error?.hint, "not_found");
  assert.equal((await remove(organization)).error, null);
  assert.equal(await meaning("kesselbier", { organization }), null);
  const { data: system } = await client.from("reply_rules").select("id").is("organization_id", null)
    .limit(1).single();
  assert.ok(system, "everyone reads the system's rules");
  assert.equal(
    (await client.rpc("delete_reply_rule", {
      organization_id: organization.id,
      rule_id: system.id,
    })).error?.hint,
    "not_found",
  );
});
