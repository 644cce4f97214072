import { RESEND_API_KEY } from "../../local/mail/resend.ts";

interface AcceptedMail {
  to: string;
  subject: string;
  key: string;
  body: string;
}

/**
 * Resend as it is when the stack dies: a server of the test's own, which remembers idempotency keys. A repeat gets the
 * first one's id and is not sent again; one with other content is refused.
 * Source: https://resend.com/docs/dashboard/emails/idempotency-keys
 */
export class ResendServer implements AsyncDisposable {
  /** What was sent, each once. */
  readonly mails: AcceptedMail[] = [];
  /** Requests that named a key which was there already. */
  repeats = 0;
  /** From this mail on requests are taken and never answered. */
  silentFrom = Infinity;
  private readonly ended = Promise.withResolvers<void>();
  private readonly server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.answer(request),
    );
  }

  /** What a stack is to be started with so that its mails come here. */
  get env(): Record<string, string> {
    return {
      EMAIL_PROVIDER: "resend",
      RESEND_API_KEY,
      RESEND_BASE_URL: `http://127.0.0.1:${this.server.addr.port}`,
    };
  }

  private async answer(request: Request): Promise<Response> {
    const key = request.headers.get("idempotency-key") ?? "";
    const body = await request.text();
    const { to, subject } = JSON.parse(body);
    const first = this.mails.find((mail) => mail.key === key);
    if (first === undefined) this.mails.push({ to: to[0], subject, key, body });
    else if (first.body !== body) {
      const refusal = { name: "invalid_idempotent_request", message: "Another body" };
      return Response.json(refusal, { status: 409 });
    } else this.repeats++;
    if (this.mails.length >= this.silentFrom) await this.ended.promise;
    return Response.json({ id: key });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ended.resolve();
    await this.server.shutdown();
  }
}
