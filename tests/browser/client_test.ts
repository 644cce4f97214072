import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { servePage, withPage } from "../support/browser.ts";
import { cuttable } from "../support/cuttable.ts";
import { database } from "../support/db.ts";
import { newOrganization, testPassword } from "../support/people.ts";
import { stackUnderTest } from "../support/stack.ts";

const html = `
<form id="login"><input id="email"><input id="password" type="password"><button>Sign in</button></form>
<p id="person"></p>
<input id="file" type="file"><progress id="progress" value="0"></progress><p id="uploaded"></p>
<p id="status"></p><p id="connection"></p>`;

const script = (url: string, key: string) => `
import { createClient } from "@supabase/supabase-js";
import { createSignalbox } from "./client/src/mod.ts";

const supabase = createClient(${JSON.stringify(url)}, ${JSON.stringify(key)});
const signalbox = createSignalbox({ supabase, url: ${JSON.stringify(url)}, key: ${
  JSON.stringify(key)
} });
const element = (id: string) => document.getElementById(id) as HTMLInputElement;
const told: number[] = [];
Object.assign(window, { told });

element("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  await supabase.auth.signInWithPassword({
    email: element("email").value,
    password: element("password").value,
  });
  const { data } = await signalbox.api.GET("/auth/me");
  element("person").textContent = data?.profile.email ?? "";
});
element("file").addEventListener("change", async () => {
  const form = new FormData();
  form.append("file", element("file").files![0]!);
  const answer = await signalbox.upload("/upload/excel", form, {
    onProgress: (sent, total) => {
      told.push(sent);
      const bar = document.getElementById("progress") as HTMLProgressElement;
      bar.max = total;
      bar.value = sent;
    },
  }) as { summary: unknown };
  element("uploaded").textContent = JSON.stringify(answer);
});
Object.assign(window, {
  follow: (id: string) =>
    signalbox.live.campaign(id, {
      onUpdate: (update) => {
        element("status").textContent = (update.type === "state" ? update.state : update.event).status;
      },
      onConnection: (isConnected) => {
        element("connection").textContent = isConnected ? "connected" : "cut";
      },
    }),
});`;

const sheet = (rows: number): string =>
  "name,account number,phone,arrears\n" +
  Array.from({ length: rows }, (_, n) =>
    `Customer ${n},B-${n},0244${String(n).padStart(6, "0")},${n}.50`)
    .join("\n");

Deno.test("a browser signs in, uploads a sheet with its progress, and follows a campaign through a cut connection", async () => {
  const { id, admin } = await newOrganization();
  const [campaign] = await database()`
    insert into public.campaigns (organization_id, name, status) values (${id}, 'Live', 'paused') returning id`;
  const setStatus = (status: string) =>
    database()`update public.campaigns set status = ${status}, finished_at = now() where id = ${
      campaign?.["id"]
    }`;
  using connection = cuttable(stackUnderTest().api_url);
  await using page_ = await servePage(
    html,
    script(connection.url, stackUnderTest().publishable_key),
  );
  await withPage(async (page) => {
    await page.goto(page_.url);
    await page.fill("#email", admin.email);
    await page.fill("#password", testPassword);
    await page.click("button");
    await page.waitForFunction(
      (email) => document.getElementById("person")?.textContent === email,
      admin.email,
    );

    await page.setInputFiles("#file", {
      name: "customers.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(sheet(5_000)),
    });
    await page.waitForFunction(() => document.getElementById("uploaded")?.textContent !== "");
    const [bar, told] = await Promise.all([
      page.$eval("#progress", (element) => [
        (element as unknown as { value: number }).value,
        (element as unknown as { max: number }).max,
      ]),
      page.evaluate(() => (globalThis as unknown as { told: number[] }).told),
    ]);
    assert.equal(bar[0], bar[1], "the bar is full");
    assert.ok(told.length >= 1 && (told.at(-1) ?? 0) > 150_000, JSON.stringify(told));

    const shows = (element: string, text: string) =>
      page.waitForFunction(
        ([element = "", text = ""]) => document.getElementById(element)?.textContent === text,
        [element, text],
        { timeout: 90_000 },
      );
    await page.evaluate(
      (campaign) => (globalThis as unknown as { follow(id: string): unknown }).follow(campaign),
      String(campaign?.["id"]),
    );
    await shows("status", "paused");
    connection.cut();
    await shows("connection", "cut");
    await setStatus("canceled");
    connection.restore();
    await shows("status", "canceled");
    await shows("connection", "connected");
  });
});
