import { z } from "../_shared/zod.ts";
import type { Client } from "../_shared/clients.ts";
import { log } from "../_shared/log.ts";
import { openOwnServer } from "../_shared/mail/own_server.ts";
import type { MailOutcome, MailProvider, OutboundMail } from "../_shared/mail/provider.ts";
import { unwrap } from "../_shared/problem.ts";
import { RefusedAddress } from "../_shared/webhooks/address.ts";

/** The connection to an organization's own mail server, as the database names it. */
export const OwnServer = z.object({
  id: z.string(),
  type: z.enum(["smtp", "resend"]),
  organization_id: z.string(),
});
export type OwnServer = z.infer<typeof OwnServer>;

const Connected = z.looseObject({ id: z.string() });

const outage = (reason: string): MailOutcome => ({ kind: "outage", reason });

/** The own mail servers of organizations, each opened once in a run. */
export class OwnMailServers {
  private readonly opened = new Map<string, Promise<MailProvider | MailOutcome>>();

  constructor(private readonly db: Client) {}

  private async open(
    { id, type, organization_id }: OwnServer,
  ): Promise<MailProvider | MailOutcome> {
    const answer = await this.db.rpc("integration_credentials", {
      organization_id,
      integration_type: type,
    });
    const found = Connected.safeParse(unwrap(answer));
    // It was disconnected or replaced meanwhile.
    if (found.data?.id !== id) return outage("The mail server is not connected any more.");
    try {
      return await openOwnServer(type, found.data);
    } catch (error) {
      if (error instanceof RefusedAddress) return outage(error.message);
      log("warn", "own_mail_server_not_found", { organization_id, cause: String(error) });
      return outage("The mail server cannot be reached.");
    }
  }

  /** Sends through the server, on connections that this run keeps. Never throws. */
  async send(server: OwnServer, mail: OutboundMail): Promise<MailOutcome> {
    const opening = this.opened.get(server.id) ?? this.open(server);
    this.opened.set(server.id, opening);
    try {
      const provider = await opening;
      return "send" in provider ? await provider.send(mail) : provider;
    } catch (error) {
      log("error", "own_mail_server_failed", {
        organization_id: server.organization_id,
        cause: String(error),
      });
      // A fault of ours, which must not be shown as the server's.
      return { kind: "retry", reason: "The mail server could not be used." };
    }
  }

  async close(): Promise<void> {
    for (const opening of this.opened.values()) {
      const provider = await opening.catch(() => undefined);
      if (provider !== undefined && "close" in provider) provider.close();
    }
  }
}
