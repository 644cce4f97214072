import { firstsOf, type Lead } from "../support/campaign_crowd.ts";
import { lawHolds, outcomesHold, textsHold } from "../support/campaign_laws.ts";
import { outcomeOf } from "../support/campaign_model.ts";
import { carriedFrom, claimsOf, ourTexts, settled, targetsOf } from "../support/campaign_record.ts";
import { freePorts } from "../support/free_ports.ts";
import { KillableStack } from "../support/killable.ts";
import { allowedCountries } from "../support/people.ts";
import { until } from "../support/wait.ts";
import { arrange, CAPPED, TWO_WORDINGS, wordingsOf } from "../support/whole_campaign.ts";

const LEADS = 2_000;
/** Texts a second of each of the three numbers. */
const PER_SECOND = 20;
/** The demo organization, which every new stack has. */
const DEMO = { id: "0199aa00-0000-7000-8000-000000000001" };

Deno.test("a campaign whose stack is killed three times leaves nobody out and texts nobody twice", async () => {
  const stack = await KillableStack.start(freePorts(31_200));
  try {
    const settings = { ...CAPPED, allowed_countries: allowedCountries };
    await stack.sql`update public.organizations set ${stack.sql(settings)} where id = ${DEMO.id}`;
    const { leads, senders, kept, rules } = await arrange(stack.sql, DEMO, LEADS, PER_SECOND);
    const began = Date.now();
    const numbers = senders.map(({ number }) => number);
    const carried = () => carriedFrom(stack.status.carrier_url, numbers);
    const token = await stack.demoToken("campaigns");
    const { campaign, wordings } = await begin(stack, token, senders.map(({ id }) => id), leads);

    for (let kill = 1; kill <= 3; kill++) {
      const { length } = await carried();
      await until(async () => (await carried()).length >= length + 60, {
        timeoutMs: 300_000,
        what: `texts after kill ${kill - 1}`,
      });
      await stack.killAndStart();
      await pauseAndResume(stack, token, campaign);
    }
    await settled(stack.sql, campaign);

    const firsts = firstsOf(leads);
    const ended = Date.now();
    const allowed = ({ id, frozen }: Lead) =>
      [began, ended].map((at) =>
        outcomeOf(rules, { frozen, claimed: frozen }, {
          earlier: !firsts.has(id),
          needsLastName: true,
          at,
        })
      );
    const { sql } = stack;
    const ours = (await ourTexts(sql, DEMO.id)).filter((text) => text.campaign_id === campaign);
    // A text whose outcome is unknown is held, not sent again. Nothing changes after the freeze.
    const nobodys = ["lead_deleted", "number_changed"];
    outcomesHold(leads, await targetsOf(sql, campaign), ours, allowed, nobodys);
    textsHold(leads, ours, { wordings, organization: "" });
    lawHolds({
      rules,
      leads,
      carried: await carried(),
      ours,
      claims: await claimsOf(sql, campaign),
      known: new Map(),
      kept,
      numbers,
      rates: { number: PER_SECOND },
    });
  } finally {
    await stack.stop();
  }
});

/** Makes the campaign to all of the audience and starts it. */
async function begin(stack: KillableStack, token: string, numbers: string[], leads: Lead[]) {
  const template = await stack.post<{ id: string; variants: { id: string }[] }>(
    token,
    "/templates",
    TWO_WORDINGS,
  );
  const { id } = await stack.post<{ id: string }>(token, "/campaigns", {
    name: "Killed three times",
    audience: {
      lead_ids: leads.filter(({ frozen }) => !frozen.deleted).map((lead) => lead.id),
    },
    templates: [{ template_id: template.id }],
    numbers,
    pause_error_rate: 0.9,
    pause_filtered_rate: 0.9,
  });
  await stack.post(token, `/campaigns/${id}/start`);
  return { campaign: id, wordings: wordingsOf(template) };
}

/** Two dispatchers at once, a pause in the middle, and on. */
async function pauseAndResume(stack: KillableStack, token: string, campaign: string) {
  await stack.invokeTwice("dispatch-messages");
  await stack.post(token, `/campaigns/${campaign}/pause`);
  await stack.post(token, `/campaigns/${campaign}/resume`);
  await stack.invokeTwice("dispatch-messages");
}
