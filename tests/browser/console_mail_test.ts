import assert from "node:assert/strict";
import { withPage } from "../support/browser.ts";
import { uniqueEmail } from "../support/people.ts";
import { stackUnderTest } from "../support/stack.ts";

const mailWith = (link: string) =>
  `<!doctype html><html><head><title>Mail</title>
<style>.warm { background-color: rgb(1, 2, 3); }</style></head>
<body onload="document.title = 'run'"><p class="warm" style="color: rgb(4, 5, 6)">Dear Ama</p>
<script>document.body.dataset.ran = "yes"; parent.document.title = "taken over";</script>
<form action="${link}"><button>Post</button></form>
<a href="${link}">Set your password</a></body></html>`;

Deno.test("the console shows an HTML mail with its styles, runs nothing, and opens its links in tabs that work", async () => {
  const email = uniqueEmail("styled");
  const reached: string[] = [];
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => {
      reached.push(new URL(request.url).pathname);
      return new Response(
        "<!doctype html><title>App</title><script>document.title = 'ran'</script>",
        {
          headers: { "content-type": "text/html" },
        },
      );
    },
  );
  const link = `http://127.0.0.1:${server.addr.port}/app`;
  const posted = await fetch(`${stackUnderTest().mail_url}/messages`, {
    method: "POST",
    body: JSON.stringify({ to: email, subject: "Styled", text: "Dear Ama", html: mailWith(link) }),
  });
  await posted.body?.cancel();
  await withPage(async (page) => {
    await page.goto(`${stackUnderTest().api_url}/#mailbox`);
    await page.getByRole("button", { name: email }).click();
    const mail = page.frameLocator(`iframe[title="Mail: Styled"]`);
    const styles = await mail.getByText("Dear Ama").evaluate((element) => {
      const { color, backgroundColor } = getComputedStyle(element as never);
      return [color, backgroundColor];
    });
    assert.deepEqual(styles, ["rgb(4, 5, 6)", "rgb(1, 2, 3)"]);
    assert.equal(await mail.locator("body").getAttribute("data-ran"), null);
    assert.notEqual(await page.title(), "taken over");
    const [opened] = await Promise.all([
      page.context().waitForEvent("page"),
      mail.getByRole("link", { name: "Set your password" }).click(),
    ]);
    await opened.waitForFunction(() => document.title === "ran");
    assert.equal(opened.url(), link);
    assert.equal(await opened.evaluate(() => globalThis.opener === null), true);
    await mail.getByText("Dear Ama").waitFor();
    await mail.getByRole("button", { name: "Post" }).click();
    await mail.getByText("Dear Ama").waitFor();
    assert.deepEqual(reached.filter((path) => path === "/app"), ["/app"], "the form is not sent");
  });
});

Deno.test("a mail is sandboxed also when it is opened by itself, and no other site can show it", async () => {
  const email = uniqueEmail("alone");
  const mailbox = `${stackUnderTest().mail_url}/messages`;
  const posted = await fetch(mailbox, {
    method: "POST",
    body: JSON.stringify({ to: email, subject: "Alone", text: "", html: "<p>Alone</p>" }),
  });
  await posted.body?.cancel();
  const [{ id }] = await (await fetch(`${mailbox}?to=${email}`)).json();
  const url = `${stackUnderTest().api_url}/console/mail?id=${id}`;
  const own = await fetch(url, { headers: { "sec-fetch-site": "same-origin" } });
  assert.match(await own.text(), /<base target="_blank">.*Alone/s);
  assert.match(own.headers.get("content-security-policy") ?? "", /^sandbox (?!.*allow-scripts)/);
  const other = await fetch(url, { headers: { "sec-fetch-site": "cross-site" } });
  assert.equal(other.status, 403, await other.text());
});
