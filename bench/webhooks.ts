import { CARRIER_CREDENTIALS } from "../local/carrier/credentials.ts";
import { CALLBACK_SIGNING_SECRET } from "../local/keys.ts";
import { signCallback } from "../supabase/functions/_shared/messaging/callback_token.ts";
import { twilioSignature } from "../supabase/functions/_shared/messaging/twilio_signature.ts";
import { demoOrganization } from "./support/api.ts";
import { alternate, type Bench, type Benchmark, type Row } from "./support/benchmark.ts";
import { phoneOf } from "./support/numbers.ts";

const rounds = 5;
/**
 * How many requests of a kind make one figure, by how many are under way at once. Many first: each connection to the
 * database compiles the rules of replies once.
 */
const loads = [{ atOnce: 20, requests: 300 }, { atOnce: 1, requests: 60 }];
const number = "+15005550006";
/** What people answer: words that mean nothing to the rules, so that all of them are tried. */
const answers = [
  "Thank you, see you on Saturday",
  "What time does it start?",
  "ok",
  "Can I bring my brother along? He is in his last year of school and wants to study law.",
];

interface Prepared {
  url: string;
  init: RequestInit;
}

const newSid = () => `SM${crypto.randomUUID().replaceAll("-", "")}`;

/** A request as Twilio makes it, signed. */
function fromTwilio({ status }: Bench, path: string, fields: Record<string, string>): Prepared {
  const form = {
    AccountSid: CARRIER_CREDENTIALS.twilioAccountSid,
    ApiVersion: "2010-04-01",
    ...fields,
  };
  const url = `${status.api_url}/functions/v1/webhooks${path}`;
  const signature = twilioSignature(CARRIER_CREDENTIALS.twilioAuthToken, url, form);
  return {
    url,
    init: {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": signature,
      },
      body: new URLSearchParams(form).toString(),
    },
  };
}

let replies = 0;

function inbound(bench: Bench, count: number): Promise<Prepared[]> {
  return Promise.resolve(Array.from({ length: count }, () => {
    const place = replies++;
    const MessageSid = newSid();
    return fromTwilio(bench, "/twilio/inbound", {
      MessageSid,
      SmsSid: MessageSid,
      From: phoneOf(place),
      To: number,
      Body: answers[place % answers.length] ?? "",
      NumMedia: "0",
      NumSegments: "1",
      SmsStatus: "received",
    });
  }));
}

/** Texts of a campaign that were sent just now, and the reports of their delivery. */
async function reports(bench: Bench, count: number): Promise<Prepared[]> {
  const rows = await bench.sql`
    insert into public.messages (organization_id, category, account_id, campaign_id, to_number, from_number, body, encoding,
      segments, status, provider, provider_message_id, sent_at)
    select a.organization_id, 'marketing', a.id, ${demoOrganization}, '+2332441' || 10000 + n, a.sender_id, 'The open day.', 'GSM-7', 1,
      'sent', 'twilio', 'SM' || replace(gen_random_uuid()::text, '-', ''), now()
    from public.sms_accounts a, generate_series(1, ${count}::integer) n where a.sender_id = ${number}
    returning id, to_number, provider_message_id as sid`;
  return rows.map(({ id, to_number, sid }) =>
    fromTwilio(bench, `/twilio/status?token=${signCallback(CALLBACK_SIGNING_SECRET, id)}`, {
      MessageSid: sid,
      SmsSid: sid,
      MessageStatus: "delivered",
      SmsStatus: "delivered",
      From: number,
      To: to_number,
      RawDlrDoneDate: "2611211200",
    })
  );
}

/** A function of the same stack, with the same middleware and a single `select` behind its RPC. */
function trivial({ status }: Bench, count: number): Promise<Prepared[]> {
  const url = `${status.api_url}/functions/v1/health`;
  return Promise.resolve(Array.from({ length: count }, () => ({ url, init: {} })));
}

let mostCalls = 0;

async function send({ url, init }: Prepared): Promise<void> {
  const response = await fetch(url, init);
  const body = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${body}`);
  const calls = /desc="(\d+) calls"/.exec(response.headers.get("server-timing") ?? "")?.[1];
  mostCalls = Math.max(mostCalls, Number(calls ?? NaN));
}

/** Requests a second. Making and signing them does not count. */
async function rate(prepared: Prepared[], atOnce: number): Promise<number> {
  let next = 0;
  const worker = async () => {
    for (let one = prepared[next++]; one !== undefined; one = prepared[next++]) await send(one);
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: atOnce }, worker));
  return prepared.length / (performance.now() - started) * 1_000;
}

async function run(bench: Bench) {
  const kinds = { "status callbacks": reports, "inbound texts": inbound };
  const rows: Row[] = [];
  for (const [what, prepare] of Object.entries(kinds)) {
    for (const { atOnce, requests } of loads) {
      rows.push({
        what: `${what}, ${atOnce === 1 ? "one at a time" : `${atOnce} at once`}`,
        ...await alternate(
          rounds,
          async () => await rate(await prepare(bench, requests), atOnce),
          async () => await rate(await trivial(bench, requests), atOnce),
        ),
        unit: "/s",
        target: { atLeast: 0.5 },
      });
    }
  }
  const [kept] = await bench.sql`
    select count(*) filter (where direction = 'inbound')::int as heard,
      count(*) filter (where campaign_id = ${demoOrganization} and status <> 'delivered')::int as undelivered
    from public.messages where organization_id = ${demoOrganization}`;
  if (kept?.heard !== replies || kept?.undelivered !== 0) {
    throw new Error(
      `${kept?.heard} of ${replies} texts were kept, ${kept?.undelivered} reports lost.`,
    );
  }
  rows.push({ what: "calls to the Data API", ours: mostCalls, unit: "", target: { atMost: 1 } });
  return {
    rows,
    notes: [
      "Over HTTP, each request signed and each about another text or from another number. The baseline is GET /health: a " +
      "function with the same middleware that answers after one RPC that selects a constant; it has no body to read and no " +
      `signature to check. None of ${replies.toLocaleString("en")} texts and no report was lost.`,
    ],
  };
}

/** What providers' calls cost, against a function that does nothing. */
export const webhooks: Benchmark = { title: "Webhooks", run };
