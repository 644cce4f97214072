import assert from "node:assert/strict";
import { database } from "./db.ts";
import { call, expectStatus } from "./http.ts";
import { addMember, newOrganization, type Organization, type Session } from "./people.ts";
import { stackUnderTest } from "./stack.ts";
import { until } from "./wait.ts";

/** What POST /sms/send answers. */
export interface QueuedBody {
  message_id: string;
  status: string;
  segments: number;
  encoding: string;
  send_after: string;
}

/** What GET /sms/status answers, as far as tests look at it. */
export interface MessageBody {
  message_id: string;
  status: string;
  to: string;
  from: string;
  message: string;
  segments: number;
  provider: string;
  provider_message_id: string | null;
  error_code: string | null;
  attempts: number;
  direction: string;
  send_after: string;
  events: { status: string; at: string; code?: string | null }[];
}

/** A message as the simulated carrier lists it. */
export interface CarrierMessage {
  id: string;
  provider: string;
  to: string;
  from: string;
  body: string;
  status: string;
  accepted_at: string;
}

/** An organization with a clerk and a Twilio number besides its default Arkesel sender. */
export async function texting(): Promise<
  { organization: Organization; clerk: Session; twilio: string }
> {
  const organization = await newOrganization({ name: "Texting Utility" });
  const twilio = ourNumber();
  await database()`
    insert into public.sms_accounts (organization_id, provider, sender_id, number_type)
    values (${organization.id}, 'twilio', ${twilio}, 'long_code')`;
  return { organization, clerk: await addMember(organization, "operator"), twilio };
}

/** A number of ours at Twilio that nobody else has. */
export const ourNumber = (): string => `+1555${digits(7)}`;

/** Random digits. */
export function digits(count: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(count)), (byte) => byte % 10).join("");
}

const given = new Set<string>();

/** A number that no other call gave. */
function fresh(make: () => string): string {
  let number: string;
  do number = make(); while (given.has(number));
  given.add(number);
  return number;
}

/** A Ghanaian number of a test's own that ends in these four digits, which choose its fate at the carrier. */
export const numberEnding = (ending: string): string => fresh(() => `+2335${digits(4)}${ending}`);

/** An ordinary number: the carrier delivers to it. */
export const ordinaryNumber = (): string =>
  fresh(() => `+2335${digits(4)}${1 + Number(digits(1)) % 9}${digits(3)}`);

/** Sends a text and gives what was queued. */
export async function send(session: Session, fields: Record<string, unknown>): Promise<QueuedBody> {
  return expectStatus(
    await call(session, "POST", "/sms/send", { message: "Hello", ...fields }),
    202,
  );
}

/** A message as the API shows it now. */
export async function status(session: Session, messageId: string): Promise<MessageBody> {
  return expectStatus(await call(session, "GET", `/sms/status/${messageId}`), 200);
}

/** Waits until the message has this status. */
export async function reaches(
  session: Session,
  messageId: string,
  wanted: string,
  timeoutMs = 120_000,
): Promise<MessageBody> {
  let last: MessageBody | undefined;
  return await until(async () => {
    last = await status(session, messageId);
    return last.status === wanted ? last : null;
  }, { timeoutMs, what: `status ${wanted} of ${messageId}` }).catch((error) => {
    throw new Error(`${error.message} It is ${JSON.stringify(last)}.`);
  });
}

/** What the carrier accepted for a number. */
export const accepted = (to: string): Promise<CarrierMessage[]> => messagesAt("to", [to]);

/** What the carrier accepted from these numbers, in order. */
export const acceptedFrom = (...numbers: string[]): Promise<CarrierMessage[]> =>
  messagesAt("from", numbers);

async function messagesAt(side: "to" | "from", numbers: string[]): Promise<CarrierMessage[]> {
  const url = new URL("/messages", stackUnderTest().carrier_url);
  for (const number of numbers) url.searchParams.append(side, number);
  return await (await fetch(url)).json();
}

/** Tells the carrier something. */
export async function carrier(path: string, body: unknown = {}): Promise<void> {
  const response = await fetch(new URL(path, stackUnderTest().carrier_url), {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
  assert.ok(response.ok, `the carrier refused ${path}: ${await response.text()}`);
}
