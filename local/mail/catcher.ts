import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";
import { messageOf, warn } from "../log.ts";
import { handleResend, type ResendMail } from "./resend.ts";

/** A mail that was caught. */
export interface CaughtMail {
  id: string;
  to: string[];
  from: string;
  subject: string;
  text: string;
  html: string;
  message_id: string;
  headers: { key: string; value: string }[];
  received_at: string;
}

/** Who is turned away for a test: with this reply, this many times. */
interface Refusal {
  code: number;
  times: number;
}

/** A mail that does not come over SMTP: one of Auth's. */
type PostedMail = Pick<CaughtMail, "subject" | "text" | "html"> & { to: string };

/** A mail server that keeps everything and delivers nothing. */
export interface MailCatcher {
  stop(): Promise<void>;
}

const KEPT = 5000;

/**
 * Starts the catcher: SMTP without a password on one port, what it caught as JSON on the other. `POST /down` turns
 * everybody away until `POST /up`; with `{ to, code?, times? }` only mails to that address are, so that tests side by side
 * do not notice each other. `GET /messages?to=` shows one address's mails; `POST /messages` adds one of Auth's.
 * `POST /resend/emails` is Resend's API. Other paths are answered by `others`: the receivers of webhooks, which may not be
 * on the API's own port.
 */
export async function startMailCatcher(
  ports: { mail: number; smtp: number },
  others: (request: Request) => Promise<Response | null> = () => Promise.resolve(null),
): Promise<MailCatcher> {
  let messages: CaughtMail[] = [];
  let refusing = false;
  const refusals = new Map<string, Refusal>();
  const keep = (mail: Omit<CaughtMail, "id" | "received_at">) => {
    const stamp = { id: crypto.randomUUID(), received_at: new Date().toISOString() };
    messages = [...messages, { ...mail, ...stamp }].slice(-KEPT);
  };
  const smtp = createSmtp({ isRefusing: () => refusing, refusals, keep });
  await new Promise<void>((done) => smtp.listen(ports.smtp, "127.0.0.1", done));
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: ports.mail, onListen: () => {} },
    async (request) => {
      const other = await others(request);
      if (other) return other;
      const { pathname, searchParams } = new URL(request.url);
      const route = `${request.method} ${pathname}`;
      const to = searchParams.get("to");
      if (route === "GET /messages") {
        return Response.json(to ? messages.filter((mail) => mail.to.includes(to)) : messages);
      }
      const only = /^POST \/(down|up)$/.test(route) ? await addressIn(request) : null;
      if (route === "DELETE /messages") messages = [];
      else if (route === "POST /resend/emails") {
        return await handleResend(request, (mail) => keep(fromResend(mail)));
      } else if (route === "POST /messages") keep(fromAuth(await request.json()));
      else if (route === "POST /down" && only) refusals.set(only.to, only);
      else if (route === "POST /up" && only) refusals.delete(only.to);
      else if (route === "POST /down") refusing = true;
      else if (route === "POST /up") refusing = false;
      else return Response.json({ message: "Not found" }, { status: 404 });
      return new Response(null, { status: 204 });
    },
  );
  return {
    async stop() {
      await new Promise<void>((done) => smtp.close(done));
      await server.shutdown();
    },
  };
}

const fromAuth = ({ to, subject, text, html }: PostedMail) => ({
  to: [to],
  subject,
  text,
  html,
  from: "auth@signalbox.test",
  message_id: "",
  headers: [],
});

const fromResend = ({ from, to, subject, text, html }: ResendMail) => ({
  to,
  subject,
  text,
  html,
  from: /<([^>]*)>$/.exec(from)?.[1] ?? from,
  message_id: "",
  headers: [{ key: "from", value: from }],
});

/** The body of a request that is about one address only. */
async function addressIn(request: Request): Promise<(Refusal & { to: string }) | null> {
  const body: Partial<Refusal & { to: string }> = await request.json().catch(() => ({}));
  return body.to ? { to: body.to, code: body.code ?? 451, times: body.times ?? Infinity } : null;
}

interface SmtpParts {
  isRefusing: () => boolean;
  refusals: Map<string, Refusal>;
  keep: (mail: Omit<CaughtMail, "id" | "received_at">) => void;
}

function createSmtp({ isRefusing, refusals, keep }: SmtpParts): SMTPServer {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    allowInsecureAuth: true,
    onAuth: (_credentials, _session, done) => done(null, { user: "local" }),
    onConnect: (_session, done) => done(refusal(isRefusing())),
    onMailFrom: (_address, _session, done) => done(refusal(isRefusing())),
    onRcptTo: ({ address }, _session, done) => {
      const refused = refusals.get(address);
      if (!refused || refused.times < 1) return done();
      refused.times--;
      const error = new Error("This address is refused for a test");
      done(Object.assign(error, { responseCode: refused.code }));
    },
    onData: (stream, session, done) => {
      const { mailFrom, rcptTo } = session.envelope;
      const envelope = {
        from: mailFrom ? mailFrom.address : "",
        to: rcptTo.map((recipient) => recipient.address),
      };
      collect(stream).then(async (raw) => {
        const { subject, text, html, from, messageId, headers } = await PostalMime.parse(raw);
        keep({
          to: envelope.to,
          from: from?.address ?? envelope.from,
          subject: subject ?? "",
          text: text ?? "",
          html: html ?? "",
          message_id: messageId ?? "",
          headers: headers.map(({ key, value }) => ({ key, value })),
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
