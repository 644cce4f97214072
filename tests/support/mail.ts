import type { CaughtMail } from "../../local/mail/catcher.ts";
import { withDatabase } from "./db.ts";
import type { Session } from "./people.ts";
import { stackUnderTest } from "./stack.ts";
import { until } from "./wait.ts";

/** What the mail catcher has for an address. */
export async function mailsTo(address: string): Promise<CaughtMail[]> {
  const url = `${stackUnderTest().mail_url}/messages?to=${encodeURIComponent(address)}`;
  return await (await fetch(url)).json();
}

/** The mails to an address whose subject fits, as soon as there is one. */
export function mailArrived(address: string, subject: RegExp, timeoutMs = 120_000) {
  return until(async () => {
    const mails = (await mailsTo(address)).filter((mail) => subject.test(mail.subject));
    return mails.length > 0 && mails;
  }, { timeoutMs, what: `a mail to ${address} with ${subject}` });
}

/** Makes the mail server turn away mails to one address, so many times or until it is told otherwise. */
export async function refuseMails(to: string, code = 451, times?: number): Promise<void> {
  await post("/down", { to, code, ...(times === undefined ? {} : { times }) });
}

/** Ends what `refuseMails` began. */
export const acceptMails = (to: string): Promise<void> => post("/up", { to });

async function post(path: string, body: unknown): Promise<void> {
  const request = { method: "POST", body: JSON.stringify(body) };
  await (await fetch(`${stackUnderTest().mail_url}${path}`, request)).body?.cancel();
}

/** A notice, as `private.notify` takes it. */
export interface Notice {
  kind: string;
  title: string;
  body?: string;
  data?: Record<string, unknown>;
  eventKey?: string;
}

/** Notifies people of events, as every part of the database does. */
export async function notify(people: Session[], notice: Notice): Promise<void> {
  const { kind, title, body = "", data = {}, eventKey = `test:${crypto.randomUUID()}` } = notice;
  await withDatabase((sql) =>
    sql`
      select private.notify(array_agg(row(organization_id, user_id, ${kind}::text, ${eventKey}::text, ${title}::text, ${body}::text,
        ${sql.json(data as never)}::jsonb, null::uuid)::private.notification))
      from public.memberships
      where user_id = any (${people.map(({ userId }) => userId)}::uuid[])
        and organization_id = any (${people.map(({ organizationId }) => organizationId)}::uuid[])`
  );
}
