import assert from "node:assert/strict";
import { withPage } from "../support/browser.ts";
import { stackUnderTest } from "../support/stack.ts";

Deno.test("the API reference teaches, asks no other server, and leads to nobody's cloud", async () => {
  await withPage(async (page) => {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(`${stackUnderTest().api_url}/docs`);
    await page.getByRole("heading", { name: "Repeating safely" }).waitFor();
    await page.getByText("idempotency_in_progress").first().waitFor();
    const own = new URL(stackUnderTest().api_url).host;
    const others = asked.filter((url) => /^https?:/.test(url) && new URL(url).host !== own);
    assert.deepEqual(others, []);
    const links = await page.$$eval(
      "a[href]",
      (anchors) => anchors.map((a) => a.getAttribute("href") ?? ""),
    );
    assert.deepEqual(
      links.filter((href) => /scalar\.com/.test(href) && !/scalar\.com\/?$/.test(href)),
      [],
    );
    for (
      const name of [/deploy/i, /share/i, /open api client/i, /ask ai/i, /generate (sdk|mcp)/i]
    ) {
      assert.equal(await page.getByRole("button", { name }).count(), 0, String(name));
    }
    const folder = Deno.env.get("SCREENSHOTS");
    if (folder) await page.screenshot({ path: `${folder}/reference.png` });
  });
});
