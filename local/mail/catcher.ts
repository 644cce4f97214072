import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";
import { messageOf, warn } from "../log.ts";

/** A mail that was caught. */
export interface CaughtMail {
  id: string;
  to: string[];
  from: string;
  subject: string;
  text: string;
  html: string;
  received_at: string;
}

/** A mail server that keeps everything and delivers nothing. */
export interface MailCatcher {
  /** Keeps a mail that did not come over SMTP. */
  deliver(mail: Pick<CaughtMail, "subject" | "text" | "html"> & { to: string }): Promise<void>;
  stop(): Promise<void>;
}

const KEPT = 1000;

/** Starts the catcher: SMTP without a password on one port, what it caught as JSON on the other. */
export async function startMailCatcher(
  ports: { mail: number; smtp: number },
): Promise<MailCatcher> {
  let messages: CaughtMail[] = [];
  let refusing = false;
  const keep = (mail: Omit<CaughtMail, "id" | "received_at">) => {
    const stamp = { id: crypto.randomUUID(), received_at: new Date().toISOString() };
    messages = [...messages, { ...mail, ...stamp }].slice(-KEPT);
  };
  const smtp = createSmtp(() => refusing, keep);
  await new Promise<void>((done) => smtp.listen(ports.smtp, "127.0.0.1", done));
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: ports.mail, onListen: () => {} },
    (request) => {
      const route = `${request.method} ${new URL(request.url).pathname}`;
      if (route === "GET /messages") return Response.json(messages);
      if (route === "DELETE /messages") messages = [];
      else if (route === "POST /down") refusing = true;
      else if (route === "POST /up") refusing = false;
      else return Response.json({ message: "Not found" }, { status: 404 });
      return new Response(null, { status: 204 });
    },
  );
  return {
    deliver(mail) {
      keep({ ...mail, to: [mail.to], from: "auth@signalbox.test" });
      return Promise.resolve();
    },
    async stop() {
      await new Promise<void>((done) => smtp.close(done));
      await server.shutdown();
    },
  };
}

function createSmtp(
  isRefusing: () => boolean,
  keep: (mail: Omit<CaughtMail, "id" | "received_at">) => void,
): SMTPServer {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    onAuth: (_credentials, _session, done) => done(null, { user: "local" }),
    onConnect: (_session, done) => done(refusal(isRefusing())),
    onMailFrom: (_address, _session, done) => done(refusal(isRefusing())),
    onData: (stream, session, done) => {
      const { mailFrom, rcptTo } = session.envelope;
      const envelope = {
        from: mailFrom ? mailFrom.address : "",
        to: rcptTo.map((recipient) => recipient.address),
      };
      collect(stream).then(async (raw) => {
        const { subject, text, html, from } = await PostalMime.parse(raw);
        keep({
          to: envelope.to,
          from: from?.address ?? envelope.from,
          subject: subject ?? "",
          text: text ?? "",
          html: html ?? "",
        });
        done();
      }).catch((error) => done(error));
    },
  });
  // A client that hangs up is no reason to end the stack.
  server.on("error", (error) => warn(`mail catcher: ${messageOf(error)}`));
  return server;
}

function refusal(refusing: boolean): Error | null {
  const error = new Error("The mail server is down for a test");
  return refusing ? Object.assign(error, { responseCode: 421 }) : null;
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: BlobPart[] = [];
  for await (const chunk of stream) chunks.push(new Uint8Array(chunk));
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
