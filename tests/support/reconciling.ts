import { CARRIER_CREDENTIALS } from "../../local/carrier/credentials.ts";
import { withDatabase } from "./db.ts";
import { call, expectStatus } from "./http.ts";
import type { Organization, Session } from "./people.ts";
import { stackUnderTest } from "./stack.ts";
import { carrier, texting } from "./texts.ts";
import { until } from "./wait.ts";

/** A message as the database has it. */
export interface MessageRow {
  id: string;
  to_number: string;
  status: string;
  provider_message_id: string | null;
  error_code: string | null;
  lookups_made: number;
  unknown_reason: string | null;
  held: boolean;
  price: number | null;
  price_currency: string | null;
}

/** An organization whose callbacks get lost; its Arkesel sender is like no other's. */
export interface Silent {
  organization: Organization;
  clerk: Session;
  twilio: string;
  arkesel: string;
}

/** Makes an organization whose callbacks all get lost. */
export async function silentOffice(): Promise<Silent> {
  const { organization, clerk, twilio } = await texting();
  const arkesel = `S${crypto.randomUUID().slice(0, 8)}`;
  await withDatabase((sql) =>
    sql`update public.sms_accounts set sender_id = ${arkesel}
      where organization_id = ${organization.id} and provider = 'arkesel'`
  );
  for (const from of [twilio, arkesel]) await carrier("/callbacks/fate", { from, mode: "never" });
  return { organization, clerk, twilio, arkesel };
}

/** All texts of an organization, in the order in which they were made. */
export function messagesOf(organization: Organization): Promise<MessageRow[]> {
  return withDatabase((sql) =>
    sql<MessageRow[]>`
      select id, to_number, status, provider_message_id, error_code, lookups_made, unknown_reason, held_at is not null as held,
        price::float8 as price, price_currency
      from public.messages where organization_id = ${organization.id} and direction = 'outbound' order by id`
  );
}

/** Waits until a condition holds for all texts of an organization. */
export async function allMessages(
  organization: Organization,
  what: string,
  holds: (message: MessageRow) => boolean,
  timeoutMs = 180_000,
): Promise<MessageRow[]> {
  let last: MessageRow[] = [];
  return await until(async () => {
    last = await messagesOf(organization);
    return last.length > 0 && last.every(holds) ? last : null;
  }, { timeoutMs, what }).catch((error) => {
    const others = last.filter((message) => !holds(message));
    throw new Error(`${error.message} ${others.length}: ${JSON.stringify(others.slice(0, 3))}`);
  });
}

/** Sends texts and waits until all have one of these statuses. */
export async function sendSilently(
  office: Silent,
  numbers: string[],
  sender: string,
  wanted = ["sent"],
): Promise<MessageRow[]> {
  const body = { message: "Silence", recipients: numbers.map((to) => ({ to })), sender_id: sender };
  expectStatus(await call(office.clerk, "POST", "/sms/send-bulk", body), 202);
  return await allMessages(
    office.organization,
    "acceptance",
    ({ status, provider_message_id }) => wanted.includes(status) && provider_message_id !== null,
  );
}

/** Days pass for the texts of an organization, and its accounts are left alone no longer. */
export async function daysPass(organization: Organization): Promise<void> {
  await withDatabase(async (sql) => {
    await sql`update public.messages set sent_at = sent_at - interval '1 day',
        sending_at = sending_at - interval '1 day', lookup_until = lookup_until - interval '1 day'
      where organization_id = ${organization.id}`;
    await sql`update private.lookup_pauses set until = now() where organization_id = ${organization.id}`;
  });
}

/** How the carrier answers questions about a sender's texts from now on; it counts them anew. */
export async function answers(from: string, mode: string): Promise<void> {
  await carrier("/lookups", { from, mode });
}

/** How often the carrier was asked about a sender's texts. */
export async function questions(from: string): Promise<number> {
  const url = new URL("/lookups", stackUnderTest().carrier_url);
  url.searchParams.set("from", from);
  return (await (await fetch(url)).json()).asked;
}

/** The carrier gets a text past us, as from a dispatcher that died before it heard the answer. */
export async function carrierAccepts(from: string, to: string, body: string): Promise<void> {
  const { twilioAccountSid: sid, twilioAuthToken: token } = CARRIER_CREDENTIALS;
  const path = `/2010-04-01/Accounts/${sid}/Messages.json`;
  const response = await fetch(new URL(path, stackUnderTest().carrier_url), {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${sid}:${token}`)}` },
    body: new URLSearchParams({ From: from, To: to, Body: body }),
  });
  if (response.status !== 201) throw new Error(`the carrier refused: ${await response.text()}`);
  await response.body?.cancel();
}

/** A text that a dispatcher marked and of which it recorded nothing more. */
export function leaveInDoubt(
  office: Silent,
  to: string,
  body: string,
  category = "service",
): Promise<string> {
  return withDatabase(async (sql) => {
    const [row] = await sql<{ id: string }[]>`
      insert into public.messages (organization_id, account_id, category, to_number, from_number, body, encoding, segments,
        status, provider, attempts, sending_at)
      select a.organization_id, a.id, ${category}, ${to}, a.sender_id, ${body}, 'GSM-7', 1, 'sending', a.provider, 1,
        now() - interval '2 minutes'
      from public.sms_accounts a
      where a.organization_id = ${office.organization.id} and a.sender_id = ${office.twilio}
      returning id`;
    return row?.id ?? "";
  });
}
