import assert from "node:assert/strict";
import { askForSocket } from "../../support/upgrade.ts";
import { until } from "../../support/wait.ts";
import { type Fixture, signedInPerson, stack, writeFunction } from "../stack_fixture.ts";

/** Asks a function as a caller whose key the platform accepts. */
function ask({ status }: Fixture, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("apikey", status.publishable_key);
  return fetch(`${status.api_url}/functions/v1/${path}`, { ...init, headers });
}

async function textOf(fixture: Fixture, path: string): Promise<string> {
  return await (await ask(fixture, path)).text();
}

Deno.test("a function sees its path, the caller's address and the platform's keys", async () => {
  const fixture = await stack();
  const headers = { "x-forwarded-for": "203.0.113.9" };
  const answer = await ask(fixture, "echo/a/b?c=d", { method: "POST", body: "body", headers });
  const { path, body, forwarded, host, secret } = await answer.json();
  assert.deepEqual([path, body, forwarded], ["/echo/a/b?c=d", "body", "203.0.113.9, 127.0.0.1"]);
  assert.equal(host, new URL(fixture.status.api_url).host);
  assert.deepEqual(JSON.parse(secret), { default: fixture.status.secret_key });
});

Deno.test("a function that does not exist is 404, also with a name that leaves the folder", async () => {
  const fixture = await stack();
  for (const path of ["none", "_shared", "..%2Fecho", ""]) {
    const answer = await ask(fixture, path);
    assert.deepEqual([answer.status, (await answer.json()).code], [404, "NOT_FOUND"], path);
  }
});

Deno.test("the platform checks the token of a function that wants it", async () => {
  const fixture = await stack();
  const url = `${fixture.status.api_url}/functions/v1/guarded`;
  const { client } = await signedInPerson(fixture);
  const token = (await client.auth.getSession()).data.session?.access_token;
  const statusWith = async (headers: Record<string, string>) => {
    const answer = await fetch(url, { headers });
    await answer.body?.cancel();
    return answer.status;
  };
  assert.equal(await statusWith({}), 401);
  assert.equal(await statusWith({ authorization: "Bearer nonsense" }), 401);
  assert.equal(await statusWith({ authorization: `Bearer ${token}` }), 200);
});

Deno.test("a change of a function's file is served without a restart", async () => {
  const fixture = await stack();
  const serve = (text: string) => `Deno.serve(() => new Response("${text}"));`;
  await writeFunction(fixture.projectDir, "changing/index.ts", serve("first"));
  assert.equal(await textOf(fixture, "changing"), "first");
  await writeFunction(fixture.projectDir, "changing/index.ts", serve("second"));
  await until(async () => await textOf(fixture, "changing") === "second", {
    what: "the changed function",
  });
});

Deno.test("a change of shared code is served by the functions that import it", async () => {
  const fixture = await stack();
  await writeFunction(fixture.projectDir, "_shared/word.ts", `export const word = "old";`);
  const code = `import { word } from "../_shared/word.ts"; Deno.serve(() => new Response(word));`;
  await writeFunction(fixture.projectDir, "sharing/index.ts", code);
  assert.equal(await textOf(fixture, "sharing"), "old");
  await writeFunction(fixture.projectDir, "_shared/word.ts", `export const word = "new";`);
  await until(async () => await textOf(fixture, "sharing") === "new", {
    what: "the changed shared code",
  });
});

Deno.test("a function that fails to start is 503 with the reason, and harms no other", async () => {
  const fixture = await stack();
  await writeFunction(fixture.projectDir, "broken/index.ts", `throw new Error("no start today");`);
  const answer = await ask(fixture, "broken");
  const { code, message } = await answer.json();
  assert.deepEqual([answer.status, code], [503, "BOOT_ERROR"]);
  assert.match(message, /no start today/);
  assert.equal((await ask(fixture, "echo").then((echo) => echo.json())).path, "/echo");
  await writeFunction(
    fixture.projectDir,
    "broken/index.ts",
    `Deno.serve(() => new Response("mended"));`,
  );
  await until(async () => await textOf(fixture, "broken") === "mended", {
    what: "the mended function",
  });
});

Deno.test("a function whose worker ended answers the next request", async () => {
  const fixture = await stack();
  const ended = await ask(fixture, "echo/exit");
  assert.equal(ended.status, 502, await ended.text());
  const next = await ask(fixture, "echo/next", { method: "POST", body: "kept" });
  assert.equal((await next.json()).body, "kept");
});

Deno.test("a request that meets a worker which is gone is asked again, with its body", async () => {
  const fixture = await stack();
  const port = Number(await textOf(fixture, "echo/exit-after"));
  const isGone = () =>
    Deno.connect({ hostname: "127.0.0.1", port }).then((socket) => socket.close(), () => true);
  await until(isGone, { what: "the end of the worker" });
  const next = await ask(fixture, "echo/next", { method: "POST", body: "kept" });
  assert.deepEqual([next.status, (await next.json()).body], [200, "kept"]);
});

Deno.test("a function that hangs is given up with 504 and started anew", async () => {
  const fixture = await stack();
  const hung = await ask(fixture, "echo/hang");
  assert.deepEqual([hung.status, (await hung.json()).code], [504, "WORKER_TIMEOUT"]);
  assert.equal((await ask(fixture, "echo/again").then((echo) => echo.json())).path, "/echo/again");
});

Deno.test("a stream of events is passed on while it is open", async () => {
  const fixture = await stack();
  const answer = await ask(fixture, "echo/stream");
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await reader?.read())?.value, "data: first\n\n");
  await reader?.cancel();
});

Deno.test("a WebSocket is joined with the function", async () => {
  const { status } = await stack();
  const socket = new WebSocket(`${status.api_url.replace("http", "ws")}/functions/v1/echo`);
  const heard = await new Promise((resolve, reject) => {
    socket.onopen = () => socket.send("hello");
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = () => reject(new Error("The WebSocket failed."));
  });
  assert.equal(heard, "echo hello");
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
});

Deno.test("a WebSocket that the function refuses gets its answer, and one it accepts its choice of protocol", async () => {
  const { status, projectDir } = await stack();
  await writeFunction(
    projectDir,
    "choosy/index.ts",
    `Deno.serve((request) => {
      const offered = request.headers.get("sec-websocket-protocol");
      if (offered !== "a, b") return Response.json({ offered }, { status: 403 });
      const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "b" });
      socket.onopen = () => socket.send("at once");
      return response;
    });`,
  );
  const url = `${status.api_url}/functions/v1/choosy`;
  const headers = { apikey: status.publishable_key };
  const refused = await askForSocket(url, { ...headers, "sec-websocket-protocol": "c" });
  assert.deepEqual([refused?.status, refused?.body], [403, { offered: "c" }]);
  // Deno's WebSocket takes headers; the type that the dom library declares does not know them.
  const socket: WebSocket = Reflect.construct(WebSocket, [
    url.replace("http", "ws"),
    { headers, protocols: ["a", "b"] },
  ]);
  const heard = await new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve([data, socket.protocol]);
    socket.onerror = () => reject(new Error("The WebSocket failed."));
  });
  assert.deepEqual(heard, ["at once", "b"]);
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.close();
  await closed;
});
