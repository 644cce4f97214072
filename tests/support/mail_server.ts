import { SMTPServer } from "smtp-server";

/** A mail as an organization's own server got it. */
export interface OwnMail {
  from: string;
  to: string[];
  raw: string;
}

/** An organization's own mail server on this machine: with a password, without TLS. */
export class OwnMailServer implements AsyncDisposable {
  static readonly credentials = { username: "office", password: "sesame" };
  readonly mails: OwnMail[] = [];
  private down = false;
  private readonly sockets = new Set<{ destroy(): void }>();
  private readonly server: SMTPServer;
  private listening = 0;

  private constructor() {
    this.server = new SMTPServer({
      disabledCommands: ["STARTTLS"],
      allowInsecureAuth: true,
      onConnect: (_session, done) => done(this.down ? new Error("Down for a test") : null),
      onAuth: ({ username, password }, _session, done) => {
        const known = username === OwnMailServer.credentials.username &&
          password === OwnMailServer.credentials.password;
        done(known ? null : new Error("Wrong password"), known ? { user: username } : undefined);
      },
      onData: (stream, { envelope }, done) => {
        let raw = "";
        stream.setEncoding?.("utf8");
        stream.on("data", (chunk) => raw += chunk);
        stream.on("end", () => {
          const to = envelope.rcptTo.map(({ address }) => address);
          this.mails.push({ from: envelope.mailFrom ? envelope.mailFrom.address : "", to, raw });
          done();
        });
      },
    });
    this.server.on("error", () => {});
    this.server.server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
  }

  static async start(): Promise<OwnMailServer> {
    const own = new OwnMailServer();
    await new Promise<void>((done) => own.server.listen(0, "127.0.0.1", done));
    const address = own.server.server.address();
    own.listening = typeof address === "object" && address !== null ? address.port : 0;
    return own;
  }

  get port(): number {
    return this.listening;
  }

  /** Turns everybody away, those who are connected too, until `comeUp`. */
  goDown(): void {
    this.down = true;
    for (const socket of this.sockets) socket.destroy();
  }

  comeUp(): void {
    this.down = false;
  }

  mailsTo(address: string): OwnMail[] {
    return this.mails.filter(({ to }) => to.includes(address));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((done) => this.server.close(done));
  }
}
