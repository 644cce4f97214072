import { Readable } from "node:stream";
import type SMTPConnection from "nodemailer/lib/smtp-connection";
import type { MailProviderOptions } from "./provider.ts";

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
export type Transmission =
  | { done: true; response: string }
  | { done: false; error: SmtpError; textBegun: boolean };

/** What the library reports; `responseCode` is there when the server answered. */
export type SmtpError = Error & {
  code?: string;
  command?: string;
  responseCode?: number;
  response?: string;
};

/** The part of an address that says whose it is. */
export const domainOf = (address: string) => address.split("@")[1] ?? "localhost";

/** A connection that is signed in. Rejects with the library's error, or the limit's. */
export async function open(
  options: SmtpOptions,
  timeoutMs: number,
  gone: (connection: SMTPConnection) => void,
): Promise<SMTPConnection> {
  // Loaded with the first e-mail: no other work of the function pays for it at its start.
  const { default: Connection } = await import("nodemailer/lib/smtp-connection");
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

/** Hands over one e-mail. Never rejects. */
export async function transmit(
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
