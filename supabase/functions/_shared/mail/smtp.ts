import { Readable } from "node:stream";
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import { log } from "../log.ts";
import {
  type MailOutcome,
  type MailProvider,
  type MailProviderOptions,
  oneLine,
  type OutboundMail,
} from "./provider.ts";

/** A mail server. Port 465 speaks TLS from the start; on others STARTTLS is required as soon as there is a password. */
export interface SmtpOptions extends MailProviderOptions {
  host: string;
  port: number;
  /** TLS from the start; default: on port 465. */
  secure?: boolean | undefined;
  username?: string | undefined;
  password?: string | undefined;
}

/** What an attempt came to: done, or how it failed and whether the server had asked for the text by then. */
type Transmission =
  | { done: true; response: string }
  | { done: false; error: SmtpError; textBegun: boolean };

type SmtpError = Error & {
  code?: string;
  command?: string;
  responseCode?: number;
  response?: string;
};

/** The packages, loaded with the first e-mail: no other function pays for them at its start. */
const load = () =>
  Promise.all([import("nodemailer/lib/smtp-connection"), import("nodemailer/lib/mail-composer")]);

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
  const [, { default: MailComposer }] = await load();
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

const domainOf = (address: string) => address.split("@")[1] ?? "localhost";

/** A connection that is signed in. Rejects with the library's error, or the limit's. */
async function open(
  options: SmtpOptions,
  timeoutMs: number,
  gone: (connection: SMTPConnection) => void,
): Promise<SMTPConnection> {
  const [{ default: Connection }] = await load();
  const { username, password } = options;
  const secure = options.secure ?? options.port === 465;
  const connection = new Connection({
    host: options.host,
    port: options.port,
    secure,
    requireTLS: !secure && password !== undefined,
    name: domainOf(options.from),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
  });
  connection.on("error", () => gone(connection));
  connection.once("end", () => gone(connection));
  try {
    await settled(connection, timeoutMs, (done) => connection.connect(done));
    if (username !== undefined && password !== undefined) {
      const auth = { user: username, pass: password };
      await settled(connection, timeoutMs, (done) => connection.login(auth, done));
    }
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** One step on a connection: its own answer, or whatever ends the connection before that. */
function settled<T>(
  connection: SMTPConnection,
  timeoutMs: number,
  step: (done: (error?: Error | null, value?: T) => void) => void,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(
      () => finish(new Error("The mail server did not answer in time.")),
      timeoutMs,
    );
    const ended = () => finish(new Error("The mail server hung up."));
    function finish(error?: Error | null, value?: T) {
      clearTimeout(limit);
      connection.off("error", finish);
      connection.off("end", ended);
      if (error) reject(error);
      else resolve(value);
    }
    connection.once("error", finish);
    connection.once("end", ended);
    step(finish);
  });
}

async function transmit(
  connection: SMTPConnection,
  mail: { from: string; to: string; raw: Uint8Array },
  timeoutMs: number,
): Promise<Transmission> {
  let textBegun = false;
  const text = new Readable({
    read() {
      textBegun = true;
      this.push(mail.raw);
      this.push(null);
    },
  });
  try {
    const envelope = { from: mail.from, to: [mail.to] };
    const info = await settled<{ response?: string }>(
      connection,
      timeoutMs,
      (done) => connection.send(envelope, text, done),
    );
    return { done: true, response: info?.response ?? "" };
  } catch (error) {
    return {
      done: false,
      error: error instanceof Error ? error : new Error(String(error)),
      textBegun,
    };
  }
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
