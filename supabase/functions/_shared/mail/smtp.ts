import type SMTPConnection from "nodemailer/lib/smtp-connection";
import { log } from "../log.ts";
import { type MailOutcome, type MailProvider, oneLine, type OutboundMail } from "./provider.ts";
import {
  domainOf,
  open,
  type SmtpError,
  type SmtpOptions,
  type Transmission,
  transmit,
} from "./smtp_connection.ts";

/**
 * Sends over SMTP, on connections that are kept while the provider is open. The library's own transports would send again
 * by themselves when a connection is cut; here the text is handed over as a stream, which the library begins to read when
 * the server asks for it. Until then nothing can have been accepted; a cut after that leaves the e-mail in doubt.
 */
export function createSmtp(options: SmtpOptions): MailProvider {
  const timeoutMs = options.timeoutMs ?? 30_000;
  const idle = new Set<SMTPConnection>();

  async function send(mail: OutboundMail): Promise<MailOutcome> {
    const raw = await compose(mail, options.from);
    for (;;) {
      const [kept] = idle;
      if (kept) idle.delete(kept);
      let connection = kept;
      try {
        connection ??= await open(options, timeoutMs, (gone) => idle.delete(gone));
      } catch (error) {
        return noConnection(error);
      }
      const sent = await transmit(
        connection,
        { from: options.from, to: mail.to.address, raw },
        timeoutMs,
      );
      if (sent.done || sent.error.responseCode !== undefined) keep(connection, sent);
      else connection.close();
      // The server may hang up on a connection that lay idle: nothing was begun, so a fresh one tries again.
      if (!sent.done && kept && !sent.textBegun && sent.error.responseCode === undefined) continue;
      return outcomeOf(sent);
    }
  }

  function keep(connection: SMTPConnection, sent: Transmission): void {
    if (sent.done) idle.add(connection);
    else connection.quit();
  }

  return {
    name: "smtp",
    concurrency: 5,
    // Connecting, then sending; twice where a kept connection turned out to be dead.
    timeoutMs: 3 * timeoutMs,
    send: (mail) => send(mail).catch((error) => broken(error)),
    close() {
      for (const connection of idle) connection.quit();
      idle.clear();
    },
  };
}

async function compose(mail: OutboundMail, from: string): Promise<Uint8Array> {
  const { default: MailComposer } = await import("nodemailer/lib/mail-composer");
  return await new MailComposer({
    from: { name: mail.fromName, address: from },
    to: { name: mail.to.name, address: mail.to.address },
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    messageId: `<${mail.key.replace("/", ".")}@${domainOf(from)}>`,
    headers: { "Auto-Submitted": "auto-generated" },
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile().build();
}

function outcomeOf(sent: Transmission): MailOutcome {
  if (sent.done) {
    return { kind: "accepted", providerMessageId: oneLine(sent.response, 200) || null };
  }
  const { error: { responseCode, response, command, code }, textBegun } = sent;
  const reason = oneLine(response ?? sent.error.message);
  if (responseCode === undefined) {
    if (textBegun) return { kind: "doubt", reason: `The e-mail may have been sent: ${reason}` };
    // Refused by the library itself: an address that the server cannot take.
    const unfit = code === "EENVELOPE" || code === "EMESSAGE";
    return unfit ? { kind: "rejected", reason } : { kind: "retry", reason };
  }
  if (responseCode < 500) return { kind: "retry", reason };
  // Our own sender is refused, so everything else would be too. 552: this e-mail is too large.
  if (command === "MAIL FROM" && responseCode !== 552) return { kind: "outage", reason };
  return { kind: "rejected", reason };
}

/** The error's own text names the server, which is none of a tenant's business: the log has it. */
function noConnection(error: unknown): MailOutcome {
  const { code = "", message } = error instanceof Error
    ? error as SmtpError
    : new Error(String(error)) as SmtpError;
  log("warn", "mail_server_away", { code, cause: oneLine(message) });
  const reason = code === "EAUTH"
    ? "The mail server refuses our credentials."
    : "The mail server cannot be reached.";
  return { kind: "outage", reason };
}

/** A fault of our own before anything was sent, such as text that cannot be composed. */
function broken(error: unknown): MailOutcome {
  log("error", "mail_not_composed", {
    cause: error instanceof Error ? error.stack : String(error),
  });
  return { kind: "rejected", reason: "The e-mail could not be composed." };
}
