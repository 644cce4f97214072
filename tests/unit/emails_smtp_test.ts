import assert from "node:assert/strict";
import type { MailOutcome, OutboundMail } from "../../supabase/functions/_shared/mail/provider.ts";
import { createSmtp } from "../../supabase/functions/_shared/mail/smtp.ts";
import type { SmtpOptions } from "../../supabase/functions/_shared/mail/smtp_connection.ts";

const mail: OutboundMail = {
  key: "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11",
  to: { name: "Ama", address: "ama@example.com" },
  fromName: 'The "Best" Agency',
  subject: "Hello",
  html: "<p>Hello</p>",
  text: "Hello\n.\nStill here",
};

/** What a scripted server does at a step: a reply, silence, or hanging up. */
type Move = string | "silence" | "hang up";

interface Script {
  greeting?: Move;
  ehlo?: string;
  from?: Move;
  rcpt?: Move;
  data?: Move;
  /** After the final dot. */
  end?: Move;
  /** After the first line of the text. */
  middle?: Move;
  /** Mails after which it hangs up at the next one. */
  most?: number;
}

interface Server {
  port: number;
  mails: string[];
  connections: number;
  commands: string[];
}

/** A mail server that follows a script, for what no real one does on demand. */
async function withServer(
  script: Script,
  work: (server: Server) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const server: Server = {
    port: (listener.addr as Deno.NetAddr).port,
    mails: [],
    connections: 0,
    commands: [],
  };
  const open = new Set<Deno.Conn>();
  const accepting = (async () => {
    for await (const connection of listener) {
      open.add(connection);
      server.connections++;
      serve(connection, script, server).catch(() => {}).finally(() => hangUp(connection));
    }
  })();
  const hangUp = (connection: Deno.Conn) => {
    open.delete(connection);
    try {
      connection.close();
    } catch {
      // It is closed already.
    }
  };
  try {
    await work(server);
  } finally {
    listener.close();
    await accepting.catch(() => {});
    for (const connection of [...open]) hangUp(connection);
  }
}

class HungUp extends Error {}

async function serve(connection: Deno.Conn, script: Script, server: Server): Promise<void> {
  const say = async (move: Move) => {
    if (move === "hang up") throw new HungUp();
    if (move === "silence") return await new Promise<void>(() => {});
    await connection.write(new TextEncoder().encode(`${move}\r\n`));
  };
  await say(script.greeting ?? "220 scripted");
  let inText = false;
  let text = "";
  let rest = "";
  let begun = 0;
  for await (const chunk of connection.readable) {
    rest += new TextDecoder().decode(chunk);
    for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (inText) {
        if (script.middle) await say(script.middle);
        if (line !== ".") text += `${line}\n`;
        else {
          inText = false;
          if (/^2|silence|hang up/.test(script.end ?? "250")) server.mails.push(text);
          await say(script.end ?? "250 2.0.0 queued as 42");
        }
        continue;
      }
      server.commands.push(line);
      if (/^EHLO/.test(line)) await say(script.ehlo ?? "250 scripted");
      else if (/^MAIL/.test(line)) {
        await say(++begun > (script.most ?? Infinity) ? "hang up" : script.from ?? "250 ok");
      } else if (/^RCPT/.test(line)) await say(script.rcpt ?? "250 ok");
      else if (/^DATA/.test(line)) {
        const move = script.data ?? "354 go on";
        inText = move.startsWith("354");
        text = "";
        await say(move);
      } else if (/^QUIT/.test(line)) throw new HungUp();
      else await say("250 ok");
    }
  }
}

async function outcome(
  script: Script,
  options: Partial<SmtpOptions> = {},
  mails = 0,
): Promise<MailOutcome> {
  let answer: MailOutcome | undefined;
  await withServer(script, async (server) => {
    const smtp = createSmtp({
      host: "127.0.0.1",
      port: server.port,
      from: "no-reply@example.com",
      timeoutMs: 1_000,
      ...options,
    });
    answer = await smtp.send(mail);
    smtp.close();
    assert.equal(server.mails.length, mails);
  });
  assert(answer);
  return answer;
}

Deno.test("A mail that the server takes is accepted, with the server's words, our Message-ID and an escaped name", async () => {
  await withServer({}, async (server) => {
    const smtp = createSmtp({ host: "127.0.0.1", port: server.port, from: "no-reply@example.com" });
    assert.deepEqual(await smtp.send(mail), {
      kind: "accepted",
      providerMessageId: "250 2.0.0 queued as 42",
    });
    assert.equal((await smtp.send({ ...mail, key: `${mail.key}/1` })).kind, "accepted");
    smtp.close();
    assert.equal(server.connections, 1, "both over one connection");
    const [first = "", second = ""] = server.mails;
    assert.match(first, /^Message-ID: <0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11@example.com>$/m);
    assert.match(second, /^Message-ID: <0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11\.1@example.com>$/m);
    assert.match(first, /^From: "The \\"Best\\" Agency" <no-reply@example.com>$/m);
    assert.match(first, /^Auto-Submitted: auto-generated$/m);
    assert.match(first, /^\.\.$/m, "a lone dot does not end the text");
  });
});

Deno.test("What was surely not accepted is tried again, what the server refuses for good is not", async () => {
  assert.equal((await outcome({ rcpt: "450 4.2.0 greylisted" })).kind, "retry");
  assert.equal((await outcome({ rcpt: "421 closing" })).kind, "retry");
  assert.equal((await outcome({ end: "451 4.3.0 disk full" })).kind, "retry");
  assert.equal((await outcome({ data: "451 not now" })).kind, "retry");
  assert.equal((await outcome({ rcpt: "hang up" })).kind, "retry");
  assert.equal((await outcome({ rcpt: "silence" })).kind, "retry");
  const unknown = await outcome({ rcpt: "550 5.1.1 No such user" });
  assert.deepEqual(unknown, { kind: "rejected", reason: "550 5.1.1 No such user" });
  assert.equal((await outcome({ end: "554 5.7.1 spam" })).kind, "rejected");
  assert.equal((await outcome({ from: "552 too large" })).kind, "rejected");
});

Deno.test("A mail whose text was on its way when the connection ended has an unknown outcome", async () => {
  for (const end of ["hang up", "silence"]) {
    const cut = await outcome({ end }, {}, 1);
    assert.equal(cut.kind, "unknown", JSON.stringify(cut));
  }
  assert.equal((await outcome({ middle: "hang up" })).kind, "unknown");
});

Deno.test("A server that lets nobody in is an outage, told without its name", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const smtp = createSmtp({
    host: "127.0.0.1",
    port,
    from: "no-reply@example.com",
    timeoutMs: 1_000,
  });
  assert.deepEqual(await smtp.send(mail), {
    kind: "outage",
    reason: "The mail server cannot be reached.",
  });
  assert.equal((await outcome({ greeting: "421 down" })).kind, "outage");
  assert.equal((await outcome({ greeting: "silence" })).kind, "outage");
  assert.equal((await outcome({ from: "530 5.7.0 authenticate first" })).kind, "outage");
  await withServer({ ehlo: "250-scripted\r\n250 AUTH PLAIN" }, async (server) => {
    const smtp = createSmtp({
      host: "127.0.0.1",
      port: server.port,
      from: "no-reply@example.com",
      timeoutMs: 500,
      username: "me",
      password: "secret",
    });
    assert.equal((await smtp.send(mail)).kind, "outage");
    assert(!server.commands.some((line) => /AUTH/.test(line)), "no password without TLS");
  });
});

Deno.test("A kept connection that died meanwhile is replaced without a second copy", async () => {
  await withServer({ most: 1 }, async (server) => {
    const smtp = createSmtp({
      host: "127.0.0.1",
      port: server.port,
      from: "no-reply@example.com",
      timeoutMs: 1_000,
    });
    for (let sent = 1; sent <= 3; sent++) {
      assert.equal((await smtp.send(mail)).kind, "accepted");
      assert.deepEqual([server.mails.length, server.connections], [sent, sent]);
    }
    smtp.close();
  });
});
