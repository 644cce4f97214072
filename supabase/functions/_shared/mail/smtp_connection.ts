import { Readable } from "node:stream";
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import type { MailProviderOptions } from "./provider.ts";

/** A mail server. Port 465 uses TLS from the start; other ports require STARTTLS if there is a password. */
export interface SmtpOptions extends MailProviderOptions {
  host: string;
  port: number;
  /** TLS from the start; default: on port 465. */
  secure?: boolean | undefined;
  /** The name that the certificate must have, where `host` is an address. */
  servername?: string;
  /** STARTTLS is required, with or without a password. */
  requireTls?: boolean;
  username?: string | undefined;
  password?: string | undefined;
}

/** The result of an attempt: done, or the error and whether the server had asked for the message by then. */
export type Transmission =
  | { done: true; response: string }
  | { done: false; error: SmtpError; messageStarted: boolean };

/** An error of the library; it has `responseCode` if the server answered. */
export type SmtpError = Error & {
  code?: string;
  command?: string;
  responseCode?: number;
  response?: string;
};

/** The domain of an e-mail address. */
export const domainOf = (address: string) => address.split("@")[1] ?? "localhost";

/**
 * Opens an authenticated connection.
 * @param onClose called when the connection has ended
 * @throws the library's error, or one for the timeout
 */
export async function open(
  options: SmtpOptions,
  timeoutMs: number,
  onClose: (connection: SMTPConnection) => void,
): Promise<SMTPConnection> {
  // Loaded with the first e-mail, so that other jobs of the function start without it.
  const { default: Connection } = await import("nodemailer/lib/smtp-connection");
  const { username, password } = options;
  const secure = options.secure ?? options.port === 465;
  const connection = new Connection({
    host: options.host,
    port: options.port,
    secure,
    ...(options.servername === undefined ? {} : { servername: options.servername }),
    requireTLS: !secure && (options.requireTls ?? password !== undefined),
    name: domainOf(options.from),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
  });
  connection.on("error", () => onClose(connection));
  connection.once("end", () => onClose(connection));
  try {
    await runStep(connection, timeoutMs, (done) => connection.connect(done));
    if (username !== undefined && password !== undefined) {
      const auth = { user: username, pass: password };
      await runStep(connection, timeoutMs, (done) => connection.login(auth, done));
    }
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Runs one step on a connection; rejects if the connection ends first or the time is over. */
function runStep<T>(
  connection: SMTPConnection,
  timeoutMs: number,
  step: (done: (error?: Error | null, value?: T) => void) => void,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timeout = setTimeout(
      () => finish(new Error("The mail server did not answer in time.")),
      timeoutMs,
    );
    const ended = () => finish(new Error("The mail server closed the connection."));
    function finish(error?: Error | null, value?: T) {
      clearTimeout(timeout);
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

/** Transmits one e-mail. Never rejects. */
export async function transmit(
  connection: SMTPConnection,
  mail: { from: string; to: string; raw: Uint8Array },
  timeoutMs: number,
): Promise<Transmission> {
  let messageStarted = false;
  const text = new Readable({
    read() {
      messageStarted = true;
      this.push(mail.raw);
      this.push(null);
    },
  });
  try {
    const envelope = { from: mail.from, to: [mail.to] };
    const info = await runStep<{ response?: string }>(
      connection,
      timeoutMs,
      (done) => connection.send(envelope, text, done),
    );
    return { done: true, response: info?.response ?? "" };
  } catch (error) {
    return {
      done: false,
      error: error instanceof Error ? error : new Error(String(error)),
      messageStarted,
    };
  }
}
