import { z } from "../_shared/zod.ts";
import { env } from "../_shared/env.ts";
import { log } from "../_shared/log.ts";
import type { MailOutcome, MailProvider } from "../_shared/mail/provider.ts";
import { renderMail } from "../_shared/mail/template.ts";
import { type OwnMailServers, OwnServer } from "./own_mail_servers.ts";

/** An e-mail that the database has marked `sending`: it must be sent now. */
export const ClaimedMail = z.object({
  id: z.string(),
  claim: z.number(),
  edition: z.number(),
  kind: z.string(),
  to: z.string(),
  name: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
  own_server: OwnServer.nullable(),
  organization: z.object({
    name: z.string(),
    locale: z.string(),
    country: z.string(),
    time_zone: z.string(),
  }),
});
export type ClaimedMail = z.infer<typeof ClaimedMail>;

/** What came of one attempt, as the database takes it. */
export interface RecordedOutcome {
  id: string;
  claim: number;
  kind: MailOutcome["kind"];
  provider_message_id?: string | null;
  reason?: string;
  retry_after_seconds?: number;
}

/** Through the platform's mail server, or the organization's own. */
export interface Servers {
  platform: MailProvider;
  own: OwnMailServers;
}

/** One attempt. Never throws: an e-mail that cannot be rendered fails for good. */
export const sendOne = (servers: Servers, mail: ClaimedMail): Promise<RecordedOutcome> =>
  attempt(servers, mail).catch((error) => renderFailure(mail, error));

async function attempt({ platform, own }: Servers, mail: ClaimedMail): Promise<RecordedOutcome> {
  const { id, claim, edition } = mail;
  const outbound = {
    key: edition === 0 ? id : `${id}/${edition}`,
    to: { name: mail.name ?? "", address: mail.to },
    ...renderMail(mail, env.appUrl(), env.publicUrl()),
  };
  const outcome = mail.own_server === null
    ? await platform.send(outbound)
    : await own.send(mail.own_server, outbound);
  switch (outcome.kind) {
    case "accepted":
      return { id, claim, kind: "accepted", provider_message_id: outcome.providerMessageId };
    case "retry":
    case "throttled":
      return {
        id,
        claim,
        kind: outcome.kind,
        reason: outcome.reason,
        ...(outcome.retryAfterSeconds === undefined
          ? {}
          : { retry_after_seconds: outcome.retryAfterSeconds }),
      };
    default:
      return { id, claim, kind: outcome.kind, reason: outcome.reason };
  }
}

function renderFailure({ id, claim }: ClaimedMail, error: unknown): RecordedOutcome {
  log("error", "mail_not_rendered", { email_id: id, cause: String(error) });
  return { id, claim, kind: "rejected", reason: "The e-mail could not be composed." };
}
