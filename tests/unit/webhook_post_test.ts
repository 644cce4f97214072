import assert from "node:assert/strict";
import {
  RefusedAddress,
  type WebhookRules,
} from "../../supabase/functions/_shared/webhooks/address.ts";
import { postPinned, TookTooLong } from "../../supabase/functions/_shared/webhooks/post.ts";

const rules: WebhookRules = {
  resolve: () => Promise.resolve([]),
  allowedNetworks: ["127.0.0.0/8"],
  ownHosts: [],
};

/** A receiver that answers each connection with these bytes, by `answer`, and keeps what it was sent. */
async function withReceiver(
  answer: (conn: Deno.Conn) => Promise<void>,
  run: (port: number, requests: string[]) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const requests: string[] = [];
  const serve = async () => {
    for await (const conn of listener) {
      const buffer = new Uint8Array(65_536);
      const count = await conn.read(buffer);
      requests.push(new TextDecoder().decode(buffer.subarray(0, count ?? 0)));
      await answer(conn).catch(() => {});
      try {
        conn.close();
      } catch {
        // The sender closed it.
      }
    }
  };
  const served = serve();
  try {
    await run((listener.addr as Deno.NetAddr).port, requests);
  } finally {
    listener.close();
    await served;
  }
}

const write = (conn: Deno.Conn, text: string) => conn.write(new TextEncoder().encode(text));
const answering = (text: string) => async (conn: Deno.Conn) => {
  await write(conn, text);
};
const post = (port: number, timeoutMs = 2_000, more: Partial<WebhookRules> = {}) =>
  postPinned(
    {
      url: new URL(`http://127.0.0.1:${port}/hook?a=1`),
      headers: { "webhook-id": "msg_1" },
      body: '{"a":"Ɖ"}',
      timeoutMs,
    },
    { ...rules, ...more },
  );

Deno.test("A request is plain HTTP/1.1 with the name of the host and its length in bytes", async () => {
  await withReceiver(
    answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nRetry-After: 5\r\n\r\nok"),
    async (port, requests) => {
      const { status, headers, body } = await post(port);
      assert.deepEqual([status, body, headers.get("retry-after")], [200, "ok", "5"]);
      assert.equal(
        requests[0],
        `POST /hook?a=1 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nwebhook-id: msg_1\r\n` +
          `Content-Length: 10\r\nConnection: close\r\n\r\n{"a":"Ɖ"}`,
      );
    },
  );
});

Deno.test("Answers in chunks, interim answers, redirects and answers without a length are read", async () => {
  const cases: [string, number, string][] = [
    [
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
      200,
      "abcde",
    ],
    [
      "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n",
      410,
      "",
    ],
    [
      "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
      302,
      "",
    ],
    ["HTTP/1.0 500 No\r\n\r\nlong story", 500, "long story"],
    ["HTTP/1.1 204 None\r\n\r\n", 204, ""],
  ];
  for (const [answer, status, body] of cases) {
    await withReceiver(answering(answer), async (port, requests) => {
      const got = await post(port);
      assert.deepEqual([got.status, got.body, requests.length], [status, body, 1], answer);
    });
  }
});

Deno.test("Of an endless answer 4 KB are read, and a head that never ends is refused", async () => {
  const endless = (head: string) => async (conn: Deno.Conn) => {
    await write(conn, head);
    for (;;) await write(conn, "x".repeat(8_192));
  };
  await withReceiver(
    endless("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"),
    async (port) => assert.equal((await post(port)).body.length, 4_096),
  );
  await withReceiver(
    endless("HTTP/1.1 200 OK\r\nX: "),
    (port) => assert.rejects(post(port), /head is too long/),
  );
});

Deno.test("A receiver that hangs, drips, cuts off or speaks no HTTP fails within the time", async () => {
  const hang = () => new Promise<void>((resolve) => setTimeout(resolve, 400));
  await withReceiver(hang, (port) => assert.rejects(post(port, 200), TookTooLong));
  const drip = async (conn: Deno.Conn) => {
    await write(conn, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
    await hang();
  };
  await withReceiver(drip, (port) => assert.rejects(post(port, 200), TookTooLong));
  await withReceiver(
    answering("HTTP/1.1 200 OK\r\n"),
    (port) => assert.rejects(post(port), /ended/),
  );
  await withReceiver(
    answering("SSH-2.0-x\r\n\r\n"),
    (port) => assert.rejects(post(port), /not HTTP/),
  );
});

Deno.test("The address that was checked is the one that is called, whatever DNS says later", async () => {
  const answers = [["8.8.8.8"], ["127.0.0.1"]];
  const asked: string[] = [];
  const called: unknown[] = [];
  const network = {
    connect: (options: { hostname: string; port: number }) => {
      called.push(options);
      return Promise.reject(new Error("no network in tests"));
    },
    startTls: () => Promise.reject(new Error("no network in tests")),
  };
  const rebinding: WebhookRules = {
    resolve: (name) => {
      asked.push(name);
      return Promise.resolve(answers.shift() ?? []);
    },
    allowedNetworks: [],
    ownHosts: [],
  };
  const send = () =>
    postPinned(
      { url: new URL("https://rebind.example.com/"), headers: {}, body: "{}", timeoutMs: 1_000 },
      rebinding,
      network,
    );
  await assert.rejects(send(), /no network/);
  assert.deepEqual(called, [{ hostname: "8.8.8.8", port: 443 }]);
  assert.deepEqual(asked, ["rebind.example.com"], "a name is looked up once for a try");
  await assert.rejects(send(), RefusedAddress);
  assert.equal(called.length, 1, "the second answer is private: nothing is called");
});

Deno.test("A connection that ends up at another address is not used", async () => {
  await withReceiver(answering("HTTP/1.1 200 OK\r\n\r\n"), async (port, requests) => {
    const elsewhere = {
      connect: () => Deno.connect({ hostname: "127.0.0.1", port }),
      startTls: (conn: Deno.TcpConn, options: { hostname: string }) => Deno.startTls(conn, options),
    };
    const url = new URL("https://hooks.example.com/");
    const open = { ...rules, resolve: () => Promise.resolve(["8.8.8.8"]) };
    await assert.rejects(
      postPinned({ url, headers: {}, body: "{}", timeoutMs: 1_000 }, open, elsewhere),
      /another address/,
    );
    assert.equal(requests.join(""), "", "nothing is sent to it");
  });
});

/** A certificate of its own for a name, which only the caller trusts. */
async function certificateFor(name: string): Promise<{ cert: string; key: string }> {
  const folder = await Deno.makeTempDir();
  const [cert, key] = [`${folder}/cert.pem`, `${folder}/key.pem`];
  const { success, stderr } = await new Deno.Command("openssl", {
    args: ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
      .concat("-keyout", key, "-out", cert, "-days", "2", "-subj", `/CN=${name}`)
      .concat("-addext", `subjectAltName=DNS:${name}`, "-addext", "basicConstraints=CA:FALSE"),
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  const pems = { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
  await Deno.remove(folder, { recursive: true });
  return pems;
}

Deno.test("TLS is with the name of the URL at the address that was checked; another name's certificate fails", async () => {
  const pems = await certificateFor("hooks.example.com");
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...pems });
  const serve = async () => {
    for (let calls = 0; calls < 2; calls++) {
      const conn = await listener.accept();
      try {
        await conn.read(new Uint8Array(4_096));
        await write(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      } catch {
        // The sender broke off the handshake.
      }
      conn.close();
    }
  };
  const served = serve();
  const { port } = listener.addr as Deno.NetAddr;
  const trusting = {
    connect: (options: { hostname: string; port: number }) => Deno.connect(options),
    startTls: (conn: Deno.TcpConn, options: { hostname: string }) =>
      Deno.startTls(conn, { ...options, caCerts: [pems.cert] }),
  };
  const local = { ...rules, resolve: () => Promise.resolve(["127.0.0.1"]) };
  const send = (name: string) =>
    postPinned(
      { url: new URL(`https://${name}:${port}/`), headers: {}, body: "{}", timeoutMs: 2_000 },
      local,
      trusting,
    );
  assert.equal((await send("hooks.example.com")).body, "ok");
  await assert.rejects(send("other.example.com"), /certificate/i);
  await served;
  listener.close();
});
