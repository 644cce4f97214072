/** Real Chromium (Debian's), for tests that only `.ci/run` runs. */
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { root } from "./spawn.ts";

const executable = Deno.env.get("CHROMIUM") ?? "/usr/bin/chromium";

/** Does some work on a page of a fresh browser. Errors of the page fail the test. */
export async function withPage(
  work: (page: Page, browser: Browser) => Promise<void>,
): Promise<void> {
  const browser = await chromium.launch({
    executablePath: executable,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  try {
    const page = await (await browser.newContext()).newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await work(page, browser).catch((error) => {
      throw new Error([error.message, ...errors].join("\n"), { cause: error });
    });
    if (errors.length > 0) throw new Error(errors.join("\n"));
  } finally {
    await browser.close();
  }
}

/** Serves a page with a script, bundled with what it imports, and gives the page's address. */
export async function servePage(
  html: string,
  script: string,
): Promise<{ url: string; [Symbol.asyncDispose](): Promise<void> }> {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: root, loader: "ts" },
    bundle: true,
    format: "esm",
    write: false,
  });
  const text = outputFiles[0]?.text ?? "";
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) =>
      new URL(request.url).pathname === "/page.js"
        ? new Response(text, { headers: { "content-type": "text/javascript" } })
        : new Response(`<!doctype html>${html}<script type="module" src="/page.js"></script>`, {
          headers: { "content-type": "text/html; charset=utf-8" },
        }),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
