import assert from "node:assert/strict";
import { SignalboxError } from "../../client/src/mod.ts";
import { withClient } from "../support/client.ts";
import { database } from "../support/db.ts";
import { newOrganization } from "../support/people.ts";

/** A form with a sheet of customers. */
function sheet(rows = 1): FormData {
  const form = new FormData();
  const lines = Array.from(
    { length: rows },
    (_, n) => `Ama,A${n},0244${String(100_100 + n)},5\n`,
  );
  form.append("file", new File(["name,account number,phone,arrears\n", ...lines], "a.csv"));
  return form;
}

/** XMLHttpRequest as browsers have it, as far as an upload needs it, whose first answers are made up. */
function requestsOf(answers: (Response | "lost")[]) {
  const sent: Headers[] = [];
  class FakeRequest extends EventTarget {
    readonly upload = new EventTarget();
    readonly headers = new Headers();
    url = "";
    status = 0;
    responseText = "";
    private answered = new Headers();
    open(_method: string, url: string) {
      this.url = url;
    }
    setRequestHeader(name: string, value: string) {
      this.headers.set(name, value);
    }
    getAllResponseHeaders() {
      return [...this.answered].map(([name, value]) => `${name}: ${value}`).join("\r\n");
    }
    abort() {
      this.dispatchEvent(new Event("abort"));
    }
    async send(form: FormData) {
      sent.push(this.headers);
      const progress = Object.assign(new Event("progress"), { loaded: 10, total: 10 });
      this.upload.dispatchEvent(progress);
      const answer = answers.shift() ??
        await fetch(this.url, { method: "POST", headers: this.headers, body: form });
      if (answer === "lost") return this.dispatchEvent(new Event("error"));
      this.status = answer.status;
      this.responseText = await answer.text();
      this.answered = answer.headers;
      this.dispatchEvent(new Event("load"));
    }
  }
  return { sent, FakeRequest };
}

/** Does some work where there is an XMLHttpRequest, as in a browser. */
async function inBrowser(
  answers: (Response | "lost")[],
  work: (sent: Headers[]) => Promise<void>,
): Promise<void> {
  const { sent, FakeRequest } = requestsOf(answers);
  Object.assign(globalThis, { XMLHttpRequest: FakeRequest });
  try {
    await work(sent);
  } finally {
    Reflect.deleteProperty(globalThis, "XMLHttpRequest");
  }
}

Deno.test("an upload outside browsers says how much has been sent, as it is sent", async () => {
  const { admin } = await newOrganization();
  await withClient(admin, async ({ upload }) => {
    const told: [number, number][] = [];
    const { upload_id } = await upload("/upload/excel", sheet(8_000), {
      onProgress: (...parts) => told.push(parts),
    });
    assert.match(upload_id, /^[0-9a-f-]{36}$/);
    const total = told[0]?.[1] ?? 0;
    assert.ok(total > 150_000 && told.every(([, all]) => all === total), JSON.stringify(told));
    assert.ok(told.length >= 3, JSON.stringify(told));
    assert.deepEqual(told, told.toSorted(([a], [b]) => a - b));
    assert.equal(told.at(-1)?.[0], total);
  });
});

Deno.test("an upload outside browsers that is repeated begins anew, under one key", async () => {
  const { id, admin } = await newOrganization();
  const keys: (string | null)[] = [];
  const fetcher = (async (input: RequestInfo | URL) => {
    const request = new Request(input);
    if (!request.url.endsWith("/upload/excel")) return await fetch(request);
    keys.push(request.headers.get("idempotency-key"));
    const answer = await fetch(request);
    if (keys.length > 1) return answer;
    await answer.body?.cancel();
    throw new TypeError("connection reset");
  }) as typeof fetch;
  await withClient(admin, async ({ upload }) => {
    const told: number[] = [];
    const { upload_id } = await upload("/upload/excel", sheet(), {
      onProgress: (sent) => told.push(sent),
    });
    assert.match(upload_id, /^[0-9a-f-]{36}$/);
    assert.equal(told.length, 2);
    assert.equal(told[0], told[1]);
  }, { fetch: fetcher });
  assert.equal(new Set(keys).size, 1);
  const [count] = await database()`
    select count(*)::int as uploads from public.uploads where organization_id = ${id}`;
  assert.equal(count?.["uploads"], 1);
});

Deno.test("a list of numbers that must not be texted is uploaded as any sheet", async () => {
  const { admin } = await newOrganization();
  await withClient(admin, async ({ upload }) => {
    const form = new FormData();
    form.append("name", "The registry");
    form.append("kind", "registry");
    form.append("file", new File(["phone\n0244100100\n"], "dnc.csv"));
    const list = await upload("/suppressions/dnc-lists", form);
    assert.equal(list.name, "The registry");
  });
});

Deno.test("an upload with progress is repeated as others are, under one key, and once", async () => {
  const { id, admin } = await newOrganization();
  const busy = new Response("{}", { status: 503, headers: { "retry-after": "0" } });
  await inBrowser(["lost", busy], async (sent) => {
    await withClient(admin, async ({ upload }) => {
      const told: number[] = [];
      const { upload_id } = await upload("/upload/excel", sheet(), {
        onProgress: (sent) => told.push(sent),
      });
      assert.match(upload_id, /^[0-9a-f-]{36}$/);
      assert.equal(told.length, 3);
    });
    assert.equal(new Set(sent.map((headers) => headers.get("idempotency-key"))).size, 1);
    assert.ok(sent.every((headers) => !headers.has("content-type")));
  });
  const [count] = await database()`
    select count(*)::int as uploads from public.uploads where organization_id = ${id}`;
  assert.equal(count?.["uploads"], 1);
});

Deno.test("an upload with progress that is refused says by which request", async () => {
  const { admin } = await newOrganization();
  await inBrowser([], async () => {
    await withClient(admin, async ({ upload }) => {
      await assert.rejects(
        upload("/upload/excel", new FormData(), { onProgress: () => {} }),
        (error) =>
          error instanceof SignalboxError && error.status === 422 && Boolean(error.requestId),
      );
    });
  });
  const named = new Response("", { status: 413, headers: { "x-request-id": "a-request" } });
  await inBrowser([named], async () => {
    await withClient(admin, async ({ upload }) => {
      await assert.rejects(
        upload("/upload/excel", sheet(), { onProgress: () => {} }),
        (error) => error instanceof SignalboxError && error.requestId === "a-request",
      );
    });
  });
});

Deno.test("an upload whose signal is aborted already is not sent, with progress or without", async () => {
  const { admin } = await newOrganization();
  const { fetcher, seen } = counting();
  const signal = AbortSignal.abort(new Error("Not any more."));
  await inBrowser([], async (sent) => {
    await withClient(admin, async ({ upload }) => {
      for (const onProgress of [undefined, () => {}]) {
        await assert.rejects(
          upload("/upload/excel", sheet(), { signal, ...(onProgress && { onProgress }) }),
          /Not any more\./,
        );
      }
    }, { fetch: fetcher });
    assert.deepEqual(sent, []);
    assert.equal(seen(), 1, "one that rejects at once, and is not repeated");
  });
});

function counting() {
  let calls = 0;
  const fetcher = (async (input: RequestInfo | URL) => {
    calls++;
    return await fetch(input);
  }) as typeof fetch;
  return { fetcher, seen: () => calls };
}
