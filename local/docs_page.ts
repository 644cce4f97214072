import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Nothing of the page leads to a cloud account of its viewer, asks other servers, or sends anything to them. */
const configuration = JSON.stringify({
  hideClientButton: true,
  showDeveloperTools: "never",
  telemetry: false,
  withDefaultFonts: false,
  agent: { disabled: true },
  mcp: { disabled: true },
});

/** The browsable API reference as a page, given the addresses of the document and of Scalar's script. */
export function referencePage(document: string, script: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Signalbox API</title>
  </head>
  <body>
    <script id="api-reference" data-url="${document}" data-configuration='${configuration}'></script>
    <script src="${script}"></script>
  </body>
</html>
`;
}

/** Where Scalar's script for browsers lies. */
export function scalarScript(): string {
  const require = createRequire(import.meta.url);
  // The package does not export its bundle for browsers; it lies beside what it exports.
  const folder = dirname(require.resolve("@scalar/api-reference"));
  return join(folder, "browser", "standalone.js");
}

/** The browsable API reference with its script from the npm package, or null for another path. */
export async function docsPage(path: string): Promise<Response | null> {
  if (path === "/docs" || path === "/docs/") {
    const page = referencePage("/functions/v1/docs/openapi.json", "/docs/scalar.js");
    return new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
  }
  if (path !== "/docs/scalar.js") return null;
  const script = await Deno.open(scalarScript());
  const headers = {
    "content-type": "text/javascript; charset=utf-8",
    "cache-control": "max-age=3600",
  };
  return new Response(script.readable, { headers });
}
