import assert from "node:assert/strict";
import { carriedFrom, ourTexts } from "../support/campaign_record.ts";
import {
  addCampaign,
  addRecipients,
  campaignUntil,
  move,
  newCampaigning,
  ordinaryNumbers,
  readCampaign,
  withLatency,
} from "../support/campaigns.ts";
import { listsAgree, longestWay, noneTwice, rateHeld } from "../support/carrier_log.ts";
import { withDatabase } from "../support/db.ts";
import { dice, SEED } from "../support/dice.ts";
import { invoke } from "../support/jobs.ts";
import { officeWith, type Rates } from "../support/rated_office.ts";
import { stackUnderTest } from "../support/stack.ts";

/** Sends so many with two dispatchers, and lets the carrier's log say whether every rate was held. */
async function hold(rates: Rates, count: number) {
  const { office, numbers } = await officeWith(rates);
  await addRecipients(office, ordinaryNumbers(count).map((phone) => ({ phone })));
  const campaign = await addCampaign(office, {
    numbers: numbers.map(({ id }) => id),
    ...(rates.perMinute && { messages_per_minute: rates.perMinute }),
  });
  await move(office.admin, campaign.id, "start");
  await Promise.all([invoke("dispatch-messages"), invoke("dispatch-messages")]);
  await campaignUntil(
    office.admin,
    campaign.id,
    `all texts at ${JSON.stringify(rates)}`,
    ({ targets, messages }) =>
      targets.sent === count && !messages["sending"] && !messages["queued"],
    480_000,
  );
  const carried = await carriedFrom(
    stackUnderTest().carrier_url,
    numbers.map(({ sender }) => sender),
  );
  const ours = await withDatabase((sql) => ourTexts(sql, office.id));
  listsAgree(carried, ours);
  noneTwice(carried);
  assert.equal(carried.length, count);
  const delay = longestWay(carried, ours);
  if (rates.perMinute) rateHeld("campaign", carried, rates.perMinute / 60, delay);
  if (rates.organization) rateHeld("organization", carried, rates.organization, delay);
  numbers.forEach(({ sender }, index) => {
    const rate = rates.numbers[index];
    if (rate) rateHeld(sender, carried.filter(({ from }) => from === sender), rate, delay);
  });
}

Deno.test("Rates of numbers, campaign and organization are held by two dispatchers together, at the carrier", async () => {
  await Promise.all([
    hold({ numbers: [20, 5], organization: null, perMinute: null }, 120),
    hold({ numbers: [null, null], organization: 30, perMinute: null }, 150),
    hold({ numbers: [null], organization: null, perMinute: 1_500 }, 120),
  ]);
});

Deno.test("Rates by chance are held, whichever of them binds", async () => {
  const roll = dice(SEED);
  const between = (low: number, high: number) => low + roll(high - low + 1);
  for (let turn = 0; turn < 3; turn++) {
    await hold({
      numbers: Array.from(
        { length: between(1, 3) },
        () => roll(10) < 3 ? null : between(8, 40),
      ),
      organization: roll(2) === 0 ? null : between(20, 60),
      perMinute: between(10, 50) * 60,
    }, 80);
  }
});

Deno.test("After a pause has answered the carrier gets nothing more within two seconds, at full rate", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  await addRecipients(office, ordinaryNumbers(2_000).map((phone) => ({ phone })));
  const campaign = await addCampaign(office);
  await withLatency(20, async () => {
    await move(office.admin, campaign.id, "start");
    await invoke("dispatch-messages");
    await campaignUntil(
      office.admin,
      campaign.id,
      "full rate",
      ({ targets }) => targets.sent >= 150,
    );
    await move(office.admin, campaign.id, "pause");
    const answered = Date.now();
    const { targets } = await readCampaign(office.admin, campaign.id);
    assert.ok(targets.pending > 0, "it was paused in the middle");
    await Promise.all([invoke("dispatch-messages"), invoke("dispatch-messages")]);
    await campaignUntil(
      office.admin,
      campaign.id,
      "the last answers",
      ({ messages }) => !messages["sending"],
    );
    const carried = await carriedFrom(stackUnderTest().carrier_url, [office.number]);
    const ours = await withDatabase((sql) => ourTexts(sql, office.id));
    assert.equal(carried.length, targets.sent, "what was claimed went out, and nothing else");
    for (const { to_number, checked_at } of ours) {
      assert.ok(
        (checked_at?.getTime() ?? 0) <= answered,
        `${to_number} was claimed after the pause`,
      );
    }
    // On a machine where a text is seconds on its way before the pause it may be so after it.
    const before = carried.filter(({ accepted_at }) => Date.parse(accepted_at) < answered);
    const limit = Math.max(2_000, 2 * longestWay(before, ours));
    const last = Date.parse(carried.at(-1)?.accepted_at ?? "") - answered;
    assert.ok(last < limit, `the last text came ${last} ms after the pause had answered`);
  });
  await move(office.admin, campaign.id, "cancel");
});
