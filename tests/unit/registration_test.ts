/* Registration where addresses are confirmed, against an Auth and a Data API that answer as hosted ones do. */
import assert from "node:assert/strict";

interface FakePlatform {
  /** What Auth answers to a sign-up. */
  signUp: () => Response;
  /** What Auth answers to a sign-in. */
  signIn: () => Response;
}

const authError = (status: number, code: string) =>
  Response.json({ code: status, error_code: code, msg: code }, { status });

const user = (identities: unknown[]) => ({
  id: crypto.randomUUID(),
  aud: "authenticated",
  email: "ama@example.com",
  user_metadata: { full_name: "Ama" },
  app_metadata: {},
  identities,
  created_at: new Date().toISOString(),
});

const newAccount: FakePlatform = {
  signUp: () => Response.json(user([{ id: "1" }])),
  signIn: () => authError(400, "email_not_confirmed"),
};
const existingAccount: FakePlatform = {
  signUp: () => Response.json(user([])),
  signIn: () => authError(400, "invalid_credentials"),
};
const registeredAMomentAgo: FakePlatform = {
  signUp: () => authError(429, "over_email_send_rate_limit"),
  signIn: () => authError(400, "email_not_confirmed"),
};

const organizationId = "01a22c67-4313-7ae1-af17-1ac7d1eef414";

function serve({ signUp, signIn }: FakePlatform): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/auth/v1/signup") return signUp();
    if (pathname === "/auth/v1/token") return signIn();
    if (pathname === "/rest/v1/memberships") {
      return Response.json({ organization_id: organizationId });
    }
    return Response.json(null);
  });
}

async function register(platform: FakePlatform) {
  const server = serve(platform);
  Deno.env.set("SUPABASE_URL", `http://127.0.0.1:${server.addr.port}`);
  Deno.env.set("SUPABASE_PUBLISHABLE_KEYS", JSON.stringify({ default: "sb_publishable_x" }));
  Deno.env.set("SUPABASE_SECRET_KEYS", JSON.stringify({ default: "sb_secret_x" }));
  Deno.env.set("SUPABASE_JWKS", JSON.stringify({ keys: [] }));
  const { router } = await import("../../supabase/functions/auth/router.ts");
  const started = performance.now();
  const response = await router.fetch(
    new Request("http://localhost/auth/register", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        email: "ama@example.com",
        password: "correct horse battery",
        full_name: "Ama",
        organization_name: "Ama Power",
      }),
    }),
  );
  const body = await response.json();
  const ms = performance.now() - started;
  await server.shutdown();
  return { status: response.status, body, ms };
}

const uuid = (version: number) =>
  new RegExp(`^[0-9a-f]{8}-[0-9a-f]{4}-${version}[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`);

Deno.test({
  name: "Where addresses are confirmed, registering does not tell who has an account",
  // Clients of the Data API keep timers that end by themselves.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    for (const platform of [newAccount, existingAccount, registeredAMomentAgo]) {
      const { status, body, ms } = await register(platform);
      assert.equal(status, 201, JSON.stringify(body));
      const { user: { id, ...shown }, organization_id, ...rest } = body;
      assert.match(id, uuid(4));
      assert.match(organization_id, uuid(7));
      assert.deepEqual(shown, { email: "ama@example.com", full_name: "Ama" });
      assert.deepEqual(rest, {
        access_token: null,
        refresh_token: null,
        expires_at: null,
        confirmation_required: true,
      });
      assert(ms >= 790, `the time tells nothing: ${ms}`);
    }
  },
});
