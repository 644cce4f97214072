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

/** Files that read times which do not come from the database, or that take any text. */
const OTHER_TIMES = new Set([
  "_shared/access_token.ts", // A number.
  "_shared/lead_import/values.ts", // A file's cell.
  "_shared/mail/template.ts", // A value of an e-mail, which may be anything.
  "_shared/messaging/provider_http.ts", // Retry-After.
  "_shared/messaging/twilio_find.ts",
  "_shared/messaging/twilio_reports.ts",
  "_shared/sheet/xlsx_writer.ts", // A cell that is no time is written as it is.
  "_shared/timestamp.ts",
  "leads/import_execute.ts", // A request's body, as sms/list.ts.
  "sms/list.ts",
]);

Deno.test("times of the database are read by parseTimestamp, which refuses infinity", () => {
  for (const { path, text } of files) {
    if (OTHER_TIMES.has(path)) continue;
    const [found] = text.match(/\bDate\.parse\(|\bnew Date\((?!\)|parseTimestamp\()/) ?? [];
    assert.equal(found, undefined, `${path} has ${found}…`);
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
