import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { assertAccessible } from "../support/accessibility.ts";
import { withPage } from "../support/browser.ts";
import { database } from "../support/db.ts";
import { googleControl } from "../support/google.ts";
import { call, expectStatus } from "../support/http.ts";
import { startJob } from "../support/jobs.ts";
import { newOrganization, uniqueEmail } from "../support/people.ts";
import { build } from "../support/reports.ts";
import { connectedOffice, sheetExported } from "../support/spreadsheets.ts";
import { stackUnderTest } from "../support/stack.ts";
import { ordinaryNumber, send, texting } from "../support/texts.ts";
import { until } from "../support/wait.ts";
import { webhooksPath } from "../support/webhooks.ts";

const tab = (page: Page, name: string) => page.getByRole("tab", { name }).click();

Deno.test("the console shows a text as it arrives, and answers as the handset", async () => {
  const { clerk, twilio } = await texting();
  const phone = ordinaryNumber();
  await withPage(async (page) => {
    await page.goto(stackUnderTest().api_url);
    await page.getByText("Live", { exact: true }).waitFor();
    await send(clerk, { to: phone, message: "Your meter is read on Monday." });
    await page.getByRole("button", { name: phone }).click();
    const thread = page.getByRole("region", { name: `Texts of ${phone}` });
    await thread.getByText("Your meter is read on Monday.").waitFor();
    await thread.getByText("arkesel: delivered").waitFor();
    await thread.getByLabel("to", { exact: true }).fill(twilio);
    await thread.getByLabel(`Answer as ${phone}`).fill("Please stop texting me");
    await thread.getByRole("button", { name: "Send" }).click();
    await thread.getByText("the webhook answered 200").waitFor();
    await thread.getByText(/you are unsubscribed/).waitFor();
    await assertAccessible(page, "phones");
  });
});

Deno.test("the console shows mails in a frame that runs nothing, people with tokens, jobs and lines of the log", async () => {
  const organization = await newOrganization();
  await withPage(async (page) => {
    await page.goto(stackUnderTest().api_url);
    const email = uniqueEmail("invited");
    expectStatus(
      await call(organization.admin, "POST", "/users", {
        email,
        full_name: "New Person",
        role: "viewer",
      }),
      201,
    );
    await tab(page, "Mailbox");
    await page.getByRole("button", { name: email }).click();
    const frame = page.locator("iframe");
    await frame.waitFor();
    assert.doesNotMatch(
      await frame.getAttribute("sandbox") ?? "allow-scripts",
      /scripts|same-origin/,
    );
    await assertAccessible(page, "mailbox");
    await page.getByRole("button", { name: "Headers" }).click();
    await page.getByRole("rowheader", { name: "message-id" }).waitFor();

    await tab(page, "People");
    await page.getByRole("button", { name: "Token of clerk@demo.signalbox.test" }).click();
    const token = await page.getByLabel("Access token").inputValue();
    const me = expectStatus<{ role: string }>(
      await call({ accessToken: token }, "GET", "/auth/me"),
      200,
    );
    assert.equal(me.role, "operator");
    const line = await page.getByLabel("Try it").inputValue();
    const { success, stdout } = await new Deno.Command("sh", { args: ["-c", line] }).output();
    assert(success, line);
    assert.equal(JSON.parse(new TextDecoder().decode(stdout)).role, "operator");
    await assertAccessible(page, "people");

    await tab(page, "Jobs");
    await page.getByRole("rowheader", { name: "minute-tasks" }).waitFor();
    await assertAccessible(page, "jobs");
    await page.getByRole("tab", { name: "Jobs" }).press("ArrowRight");
    assert.equal(
      await page.getByRole("tab", { name: "Log" }).getAttribute("aria-selected"),
      "true",
      "arrow keys move between tabs",
    );
    await page.getByLabel("Contains").fill("/auth/me");
    await page.getByText('"path":"/auth/me"').first().waitFor();
    await assertAccessible(page, "log");
  });
});

Deno.test("the console shows webhooks as a receiver gets them, and lets it fail", async () => {
  const { admin } = await newOrganization();
  const name = `shop-${crypto.randomUUID().slice(0, 8)}`;
  await withPage(async (page) => {
    await page.goto(stackUnderTest().api_url);
    await tab(page, "Webhooks");
    await page.getByLabel("New receiver").fill(name);
    await page.getByRole("button", { name: "Add" }).click();
    const receiver = page.getByRole("region", { name: `Receiver ${name}` });
    const url = await receiver.locator("code").first().innerText();
    const webhook = expectStatus<{ id: string; secret: string }>(
      await call(admin, "POST", webhooksPath, { url, events: ["lead.created"] }),
      201,
    );
    await receiver.getByLabel("Secret").fill(webhook.secret);
    await receiver.getByRole("button", { name: "Save" }).click();
    await receiver.getByPlaceholder("known").waitFor();
    expectStatus(await call(admin, "POST", `${webhooksPath}/${webhook.id}/test`), 202);
    await startJob("deliver-webhooks");
    const summary = receiver.getByText("webhook.test", { exact: true }).first();
    await summary.waitFor();
    await receiver.getByText("signature valid").first().waitFor();
    await summary.click();
    await receiver.getByText('"type": "webhook.test"').first().waitFor();
    await assertAccessible(page, "webhooks");
    await receiver.getByLabel("Answers").selectOption("500");
    await until(async () => {
      const shown = await (await fetch(url)).json();
      return shown.answer === 500;
    }, { what: "the receiver answers 500" });
    expectStatus(await call(admin, "POST", `${webhooksPath}/${webhook.id}/test`), 202);
    await startJob("deliver-webhooks");
    await receiver.getByText("answered 500").first().waitFor();
  });
});

Deno.test("the console shows a task that fails although its cron job succeeds", async () => {
  await withPage(async (page) => {
    await page.goto(stackUnderTest().api_url);
    await tab(page, "Jobs");
    await database()`
      insert into private.job_runs as r (job, failed_at, failures, last_error)
      values ('roll-up-counters', now(), 2, 'broken for a test')
      on conflict (job) do update set failed_at = now(), failures = 2, last_error = 'broken for a test'`;
    const row = page.getByRole("row", { name: "roll-up-counters" });
    await row.getByText("task of minute-tasks").waitFor();
    await row.getByText("broken for a test (2 times in a row)").waitFor();
    await assertAccessible(page, "jobs-failing");
  });
});

Deno.test("the console shows a report as it arrives in a spreadsheet of the simulated Google", async () => {
  const { admin, account } = await connectedOffice();
  const title = `Leads of ${crypto.randomUUID()}`;
  const { id } = await googleControl<{ id: string }>("POST", "/spreadsheets", {
    title,
    shared_with: [account.client_email],
  });
  await withPage(async (page) => {
    await page.goto(`${stackUnderTest().api_url}/#spreadsheets`);
    await page.getByRole("button", { name: title }).click();
    await page.getByRole("heading", { name: title }).waitFor();
    await page.getByText(`shared with ${account.client_email}`).waitFor();
    const { report_id } = await build(admin, { fields: ["leads.first_name", "leads.value"] });
    const run = await sheetExported(admin, report_id, id);
    assert.equal(run.status, "ready");
    await page.getByRole("cell", { name: "Lead 2" }).waitFor();
    await assertAccessible(page, "spreadsheets");
  });
});

Deno.test("another site can neither sign in nor answer through the console", async () => {
  for (const path of ["sign-in", "reply", "receiver"]) {
    const response = await fetch(`${stackUnderTest().api_url}/console/${path}`, {
      method: "POST",
      headers: { origin: "https://evil.example" },
      body: JSON.stringify({ email: "admin@demo.signalbox.test" }),
    });
    assert.equal(response.status, 403, await response.text());
  }
});
