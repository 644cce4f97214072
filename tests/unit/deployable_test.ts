import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const functions = join(
  dirname(dirname(dirname(fileURLToPath(import.meta.url)))),
  "supabase",
  "functions",
);

function* sources(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* sources(path);
    else if (path.endsWith(".ts") && !path.endsWith("database.types.ts")) yield path;
  }
}

const files = [...sources(functions)].map((path) => ({
  path: path.slice(functions.length + 1),
  text: Deno.readTextFileSync(path),
}));

/** What ext/runtime/js/denoOverrides.js of supabase/edge-runtime gives to functions, and its types. */
const SOCKETS = new Set([
  "connect",
  "startTls",
  "resolveDns",
  "errors",
  "Conn",
  "TcpConn",
  "TlsConn",
]);

Deno.test("functions use no Deno API that the edge runtime lacks", () => {
  for (const { path, text } of files) {
    for (const [, api] of text.matchAll(/\bDeno\.(\w+)/g)) {
      assert.ok(
        api === "serve" || (api === "env" && path === "_shared/env.ts") ||
          (api === "upgradeWebSocket" && path === "_shared/socket.ts") ||
          // Of static_files only, which are deployed with the function.
          (api === "readFile" && path === "report-jobs/report_documents.ts") ||
          (SOCKETS.has(api ?? "") && path.startsWith("_shared/webhooks/")),
        `${path} uses Deno.${api}`,
      );
    }
  }
});

Deno.test("a function imports nothing but itself, _shared and what its import map names", () => {
  const map = JSON.parse(Deno.readTextFileSync(join(functions, "deno.json")));
  const known = Object.keys(map.imports);
  for (const { path, text } of files) {
    const domain = path.split("/")[0];
    for (
      const [, specifier = ""] of text.matchAll(
        /(?:^(?:import|export)\b[^;"]*?from\s*|import\(\s*)"([^"]+)"/gm,
      )
    ) {
      const where = specifier.startsWith(".")
        ? join(dirname(path), specifier).split("/")[0] ?? ""
        : specifier;
      const allowed = where === domain || where === "_shared" || where.startsWith("node:") ||
        known.some((name) => name === where || (name.endsWith("/") && where.startsWith(name)));
      assert.ok(allowed, `${path} imports ${specifier}`);
    }
  }
});

Deno.test("only jobs, webhooks, auth, admin, the exchange of API keys and the downloads of reports use the service role", () => {
  for (const { path, text } of files) {
    if (!/adminClient\(|env\.secretKey\b/.test(text)) continue;
    const domain = path.split("/")[0] ?? "";
    assert.ok(
      ["jobs", "report-jobs", "webhooks", "auth", "admin"].includes(domain) ||
        [
          "_shared/clients.ts",
          "_shared/api_key.ts",
          "_shared/jobs/job.ts",
          "_shared/reports/storage.ts",
          "reports/storage.ts",
        ]
          .includes(path),
      `${path} uses the service role`,
    );
  }
});
