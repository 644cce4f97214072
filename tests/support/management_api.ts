import postgres from "postgres";
import { functionNames } from "../../tools/deploy/function_names.ts";
import { stackUnderTest } from "./stack.ts";

/** A Management API of a test's own, in front of the stack's database. */
export interface FakeManagement {
  url: string;
  /** Answers by path; a test changes what it is about. */
  answers: Record<string, unknown>;
  /** What was set as secrets, by name. */
  secrets: Map<string, string>;
  /** Secrets that it does not keep although it was asked to. */
  forgotten: string[];
  /** The statements that would have changed Vault, whose secrets the stack's other tests need. */
  vault: string[];
  /** SQL that answers an error. */
  refused: RegExp | null;
  /** Rows that some SQL finds whatever the database holds. */
  rows: { matching: RegExp; found: unknown[] }[];
  [Symbol.asyncDispose](): Promise<void>;
}

const token = "sbp_test";

const apiKeys = () => {
  const { publishable_key, secret_key } = stackUnderTest();
  return [
    { type: "publishable", name: "default", api_key: publishable_key },
    { type: "secret", name: "default", api_key: secret_key },
  ];
};

/** A project to which nothing is missing. */
const healthy = () => ({
  "/v1/projects/testref": {
    status: "ACTIVE_HEALTHY",
    organization_slug: "acme",
    database: { version: "15.8.1" },
  },
  "/v1/organizations/acme": { plan: "pro" },
  "/v1/projects/testref/config/auth": {
    mailer_autoconfirm: false,
    smtp_host: "smtp.example.com",
    rate_limit_email_sent: 100,
    rate_limit_token_refresh: 150,
    rate_limit_verify: 30,
    rate_limit_otp: 30,
    security_sb_forwarded_for_enabled: true,
    site_url: "https://app.example.com",
  },
  "/v1/projects/testref/api-keys": apiKeys(),
  "/v1/projects/testref/functions": functionNames().map((slug) => ({
    slug,
    status: "ACTIVE",
    verify_jwt: false,
  })),
  "/v1/projects/testref/config/realtime": { private_only: true },
  "/v1/projects/testref/postgrest": { db_schema: "public,graphql_public" },
});

/** Starts it. SQL runs on the stack's database as its owner, except what changes Vault. */
export function startManagement(): FakeManagement {
  const { db_url } = stackUnderTest();
  const sql = postgres(db_url, { max: 1, onnotice: () => {} });
  const answers: Record<string, unknown> = healthy();
  const secrets = new Map<string, string>();
  const vault: string[] = [];
  const answer = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (request.headers.get("authorization") !== `Bearer ${token}`) {
      return Response.json({ message: "Unauthorized" }, { status: 401 });
    }
    if (pathname.endsWith("/database/query")) {
      const { query } = await request.json();
      if (/vault\.(create|update)_secret/.test(query)) {
        vault.push(query);
        return Response.json([]);
      }
      if (management.refused?.test(query)) {
        return Response.json({ message: "Refused" }, { status: 400 });
      }
      const made = management.rows.find(({ matching }) => matching.test(query));
      if (made) return Response.json(made.found);
      return Response.json(await sql.unsafe(query));
    }
    if (pathname.endsWith("/secrets")) {
      if (request.method === "GET") {
        return Response.json([...secrets.keys()].map((name) => ({ name })));
      }
      for (const { name, value } of await request.json()) {
        if (!management.forgotten.includes(name)) secrets.set(name, value);
      }
      return new Response(null, { status: 201 });
    }
    const known = answers[pathname];
    return known === undefined
      ? Response.json({ message: "Not found" }, { status: 404 })
      : Response.json(known);
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  const management: FakeManagement = {
    url: `http://127.0.0.1:${server.addr.port}`,
    answers,
    secrets,
    vault,
    forgotten: [],
    refused: null,
    rows: [],
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await sql.end({ timeout: 2 });
    },
  };
  return management;
}
