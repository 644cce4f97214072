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
 * Sends over SMTP, on connections that are kept while the provider is open. The library's own transports would resend
 * automatically when a connection is cut. Here the message is a stream, which the library begins to read when the server
 * asks for it: before that nothing can have been accepted; a cut after that leaves the outcome unknown.
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
        connection ??= await open(options, timeoutMs, (closed) => idle.delete(closed));
      } catch (error) {
        return connectionFailure(error);
      }
      const sent = await transmit(
        connection,
        { from: options.from, to: mail.to.address, raw },
        timeoutMs,
      );
      if (sent.done || sent.error.responseCode !== undefined) keep(connection, sent);
      else connection.close();
      // The server may close an idle connection. Nothing was sent, so a new connection tries again.
      if (!sent.done && kept && !sent.messageStarted && sent.error.responseCode === undefined) {
        continue;
      }
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
    // Connecting and sending, and sending once before that on a kept connection that turned out to be closed.
    timeoutMs: 3 * timeoutMs,
    send: (mail) => send(mail).catch((error) => composeFailure(error)),
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
  const { error: { responseCode, response, command, code }, messageStarted } = sent;
  const reason = oneLine(response ?? sent.error.message);
  if (responseCode === undefined) {
    if (messageStarted) {
      return { kind: "unknown", reason: `The e-mail may have been sent: ${reason}` };
    }
    // Refused by the library itself: an address or message that the server cannot handle.
    const unsendable = code === "EENVELOPE" || code === "EMESSAGE";
    return unsendable ? { kind: "rejected", reason } : { kind: "retry", reason };
  }
  if (responseCode < 500) return { kind: "retry", reason };
  // The sender address is refused, so every other e-mail would be too. 552: this e-mail is too large.
  if (command === "MAIL FROM" && responseCode !== 552) return { kind: "outage", reason };
  return { kind: "rejected", reason };
}

/** The error's text names the server, which tenants must not see; only the log has it. */
function connectionFailure(error: unknown): MailOutcome {
  const { code = "", message } = error instanceof Error
    ? error as SmtpError
    : new Error(String(error)) as SmtpError;
  log("warn", "mail_server_unreachable", { code, cause: oneLine(message) });
  const reason = code === "EAUTH"
    ? "The mail server refuses our credentials."
    : "The mail server cannot be reached.";
  return { kind: "outage", reason };
}

/** An error of our own before anything was sent, such as a message that cannot be composed. */
function composeFailure(error: unknown): MailOutcome {
  log("error", "mail_not_composed", {
    cause: error instanceof Error ? error.stack : String(error),
  });
  return { kind: "rejected", reason: "The e-mail could not be composed." };
}
