/*
 * Builds docs/site/: the API reference as a static site. Hosted functions cannot serve HTML, any web server can.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { referencePage, scalarScript } from "../local/docs_page.ts";
import { documentText, wholeDocument } from "./openapi_document.ts";

const site = join(
  dirname(dirname(fileURLToPath(import.meta.url))),
  "docs",
  "site",
);

await Deno.mkdir(site, { recursive: true });
await Deno.writeTextFile(
  join(site, "index.html"),
  referencePage("openapi.json", "scalar.js"),
);
await Deno.writeTextFile(
  join(site, "openapi.json"),
  documentText(await wholeDocument()),
);
await Deno.copyFile(scalarScript(), join(site, "scalar.js"));
// deno-lint-ignore no-console -- what the command answers.
console.log("Built docs/site/index.html.");
Deno.exit(0);
