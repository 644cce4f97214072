import assert from "node:assert/strict";
import { SPECIAL, statusOf } from "../support/campaign_model.ts";
import { carriedFrom, ourTexts, targetsOf } from "../support/campaign_record.ts";
import { listsAgree, noneTwice } from "../support/carrier_log.ts";
import { freePorts } from "../support/free_ports.ts";
import { addOffice, KillableStack, type KilledOffice, signIn } from "../support/killable.ts";
import { until } from "../support/wait.ts";

const SIZE = 500;
// What ends a wait that will not end; a loaded machine needs a good part of it.
const LIMIT = 480_000;

const phonesOf = (prefix: string): string[] =>
  Array.from({ length: SIZE }, (_, index) => {
    // Ten of each special kind, over the whole audience.
    const special = index % 5 === 0 ? SPECIAL[(index / 5) % 10] : undefined;
    return `${prefix}${String(index).padStart(3, "0")}${special ?? 1_000 + index}`;
  });

const countOf = async (stack: KillableStack, { number }: KilledOffice): Promise<number> =>
  (await carriedFrom(stack.status.carrier_url, [number])).length;

async function carrierHas(stack: KillableStack, offices: KilledOffice[], count: number) {
  await until(async () => {
    const counts = await Promise.all(offices.map((office) => countOf(stack, office)));
    return counts.every((have) => have >= count);
  }, { timeoutMs: LIMIT, what: `${count} texts of each campaign` });
}

/** Pauses each campaign, sees that nothing goes out, and resumes it. */
async function pauseAndResume(stack: KillableStack, offices: KilledOffice[]) {
  for (const office of offices) {
    const token = await signIn(stack, office.email);
    const path = `/campaigns/${office.campaign}`;
    await stack.post(token, `${path}/pause`);
    const answered = new Date();
    const underway = () =>
      stack
        .sql`select from public.messages where campaign_id = ${office.campaign} and status = 'sending'
        and checked_at > ${answered}`;
    await stack.invokeTwice("dispatch-messages");
    assert.equal((await underway()).length, 0, "something was claimed after the pause");
    const [states] = await Promise.all([
      stack.sql`select status from public.campaigns where id = ${office.campaign}`,
      stack.invokeTwice("dispatch-messages"),
    ]);
    assert.equal(states[0]?.["status"], "paused");
    await stack.post(token, `${path}/resume`);
  }
}

/** Both dispatchers and the lookups of unknown outcomes run until each text has an outcome or is held for a person. */
async function finish(stack: KillableStack, { id, campaign }: KilledOffice) {
  let last = "";
  await until(async () => {
    for (const job of ["dispatch-messages", "resolve-unknown-outcomes"]) {
      await stack.invokeTwice(job);
    }
    const open = await stack.sql`
      select m.status, m.to_number from public.messages m
      where m.organization_id = ${id} and m.campaign_id = ${campaign} and m.held_at is null
        and (m.status in ('queued', 'sending') or m.status = 'sent' and m.to_number not like '%0061')
      union all
      select t.status, t.phone from public.campaign_targets t where t.campaign_id = ${campaign} and t.status = 'pending'`;
    last = `${open.length} open, such as ${JSON.stringify(open[0])}`;
    return open.length === 0;
  }, { timeoutMs: LIMIT, what: "an outcome for all" }).catch((error) => {
    throw new Error(`${error.message} ${last}`);
  });
}

async function expectOutcomes(stack: KillableStack, office: KilledOffice, mayHold: boolean) {
  const carried = await carriedFrom(stack.status.carrier_url, [office.number]);
  const ours = await ourTexts(stack.sql, office.id);
  const targets = await targetsOf(stack.sql, office.campaign);
  noneTwice(carried);
  listsAgree(carried, ours);
  assert.deepEqual(targets.map(({ phone }) => phone).sort(), [...office.phones].sort());
  assert.deepEqual([...new Set(targets.map(({ status }) => status))], ["sent"]);
  assert.equal(ours.length, office.phones.length, "one text for each recipient");
  const held = await stack.sql`select to_number from public.messages
    where campaign_id = ${office.campaign} and held_at is not null`;
  const waiting = new Set(held.map((row) => String(row["to_number"])));
  assert.ok(mayHold || waiting.size === 0, `${waiting.size} are held`);
  const reached = new Set(carried.map(({ to }) => to));
  const lost = office.phones.filter((phone) =>
    statusOf(phone).carried && !reached.has(phone) && !waiting.has(phone)
  );
  assert.deepEqual(lost, [], "nobody is left out");
  for (const message of ours.filter(({ to_number }) => !waiting.has(to_number))) {
    const { status } = statusOf(message.to_number);
    assert.ok(status.includes(message.status), `${message.to_number} is ${message.status}`);
  }
}

Deno.test("After three kills texts with unknown outcomes are held, or sent again where the organization wants that, and never twice", async () => {
  const stack = await KillableStack.start(freePorts(31_500));
  try {
    // Marketing with an unknown outcome is held for a person, unless the organization has what the provider lacks sent again.
    const offices = [
      await addOffice(stack, "hold", "+15005551001", phonesOf("+23324")),
      await addOffice(stack, "resend", "+15005551002", phonesOf("+23320")),
    ];
    for (const office of offices) {
      const token = await signIn(stack, office.email);
      await stack.post(token, `/campaigns/${office.campaign}/start`);
    }
    for (const [round, count] of [60, 150, 240].entries()) {
      await stack.invokeTwice("dispatch-messages");
      await carrierHas(stack, offices, count);
      await stack.killAndStart();
      for (const office of offices) {
        assert.ok(await countOf(stack, office) < SIZE * 0.9, "the kill came in the middle");
      }
      await stack.invokeTwice("snapshot-audiences");
      if (round === 1) await pauseAndResume(stack, offices);
    }
    for (const office of offices) await finish(stack, office);
    await expectOutcomes(stack, offices[0] as KilledOffice, true);
    await expectOutcomes(stack, offices[1] as KilledOffice, false);
  } finally {
    await stack.stop();
  }
});
