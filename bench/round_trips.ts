import { calls, type World } from "./round_trip_calls.ts";
import { callFunction, demoOrganization, signIn } from "./support/api.ts";
import type { Bench, Benchmark, Row } from "./support/benchmark.ts";

const limitedSignIn = (calls: number, why: string) => ({
  calls,
  why: `two rate limits (address and account), ${why}`,
});

/** Endpoints that need more than one call, and why: the list in docs/subjects/requests.md. */
const known: Record<string, { calls: number; why: string }> = {
  uploadExcel: { calls: 2, why: "its rate limit" },
  login: limitedSignIn(3, "Auth"),
  register: limitedSignIn(4, "Auth, the new organization"),
  forgotPassword: limitedSignIn(3, "Auth"),
  resetPassword: limitedSignIn(5, "Auth three times"),
};

/** Started by the database with a secret key; they answer before they work. */
const background = ["dispatchMessages", "resolveUnknownOutcomes"];

interface Endpoint {
  id: string;
  method: string;
  path: string;
}

async function endpoints({ status }: Bench): Promise<Endpoint[]> {
  const answer = await fetch(`${status.api_url}/functions/v1/docs/openapi.json`);
  const { paths }: { paths: Record<string, Record<string, { operationId?: string }>> } =
    await answer.json();
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { operationId: id }]) =>
      id === undefined || background.includes(id)
        ? []
        : [{ id, method: method.toUpperCase(), path }]
    )
  );
}

async function makeWorld({ status, sql }: Bench, refreshToken: string): Promise<World> {
  const [customer, other] = await sql`
    select id from public.customers where organization_id = ${demoOrganization} order by account_number limit 2`;
  const link = await fetch(`${status.api_url}/auth/v1/admin/generate_link`, {
    method: "POST",
    headers: { apikey: status.secret_key, authorization: `Bearer ${status.secret_key}` },
    body: JSON.stringify({ type: "recovery", email: "viewer@demo.signalbox.test" }),
  });
  const { hashed_token } = await link.json();
  return {
    apiUrl: status.api_url,
    customer: customer?.id,
    otherCustomer: other?.id,
    message: "",
    upload: "",
    batch: "",
    refreshToken,
    recoveryToken: hashed_token,
  };
}

/** Asks one endpoint, remembers what later requests refer to, and gives the number of calls that it made. */
async function ask(bench: Bench, endpoint: Endpoint, world: World, token: string): Promise<number> {
  const { params = {}, query, ...request } = calls[endpoint.id]?.(world) ?? {};
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? "");
  const response = await callFunction(bench.status, { authorization: `Bearer ${token}` }, {
    ...request,
    method: endpoint.method,
    path: query === undefined ? path : `${path}?${query}`,
  });
  const answer = await response.text();
  if (
    response.headers.get("content-type")?.includes("application/json") &&
    endpoint.id !== "getOpenApiDocument"
  ) {
    const { message_id, upload_id, batch_id } = JSON.parse(answer);
    if (endpoint.id === "sendMessage") world.message = message_id;
    if (endpoint.id === "uploadExcel") world.upload = upload_id;
    if (endpoint.id === "processBatch") world.batch = batch_id;
  }
  const counted = /data-api;desc="(\d+) calls"/.exec(response.headers.get("server-timing") ?? "")
    ?.[1];
  if (counted === undefined) {
    throw new Error(`${endpoint.method} ${endpoint.path} does not say how many calls it made.`);
  }
  return Number(counted);
}

/** The first request of a caller in an isolate also reads who it is; that is not what is counted here. */
async function warmUp(bench: Bench, token: string): Promise<void> {
  for (const path of ["/customers", "/actions", "/sms/messages", "/upload/batches", "/auth/me"]) {
    await callFunction(bench.status, { authorization: `Bearer ${token}` }, { method: "GET", path });
  }
}

async function run(bench: Bench) {
  const session = await signIn(bench.status, "clerk");
  const world = await makeWorld(bench, session.refreshToken);
  await warmUp(bench, session.token);
  const listed = await endpoints(bench);
  const uncalled = listed.filter(({ id }) => !(id in calls)).map(({ method, path }) =>
    `${method} ${path}`
  );
  const rows: Row[] = [];
  let single = 0;
  for (const id of Object.keys(calls)) {
    const endpoint = listed.find((one) => one.id === id);
    if (endpoint === undefined) continue;
    const ours = await ask(bench, endpoint, world, session.token);
    if (ours <= 1) single++;
    const { calls: most = 1, why } = known[id] ?? {};
    const what = `${endpoint.method} ${endpoint.path}${
      ours > 1 ? ` (${why ?? "not known why"})` : ""
    }`;
    if (ours > 1) rows.push({ what, ours, unit: "calls", target: { atMost: most } });
  }
  rows.unshift(
    { what: "endpoints with at most one call", ours: single, unit: `of ${listed.length}` },
    {
      what: "endpoints that were not called",
      ours: uncalled.length,
      unit: "",
      target: { atMost: 0 },
    },
  );
  const notes = uncalled.length > 0 ? [`Not called: ${uncalled.join(", ")}.`] : [];
  return { rows, notes };
}

/** How many calls to the Data API and to Auth each endpoint makes, by its own count. */
export const roundTrips: Benchmark = { title: "Round trips", run };
