import { type ApiDocument, type Operation, operationsOf } from "../tests/support/document.ts";
import { calls, type World } from "./round_trip_calls.ts";
import { callsOf, type Counted, sweep } from "./round_trip_tenant.ts";
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
  register: limitedSignIn(5, "Auth, the new organization, the outcome"),
  forgotPassword: limitedSignIn(3, "Auth"),
  resetPassword: limitedSignIn(5, "Auth three times"),
  requestPhoneCode: { calls: 2, why: "which organization texts the code" },
  adminGetHealth: { calls: 3, why: "the database, Auth and Storage" },
  getHealthMetrics: { calls: 3, why: "the database, Auth and Storage" },
};

/** Reads that cannot be counted here, and why. */
const uncounted: Record<string, string> = {
  streamCampaign: "a stream",
  openCampaignSocket: "a stream",
  openReportLink: "needs the token of a link",
  downloadReport: "leads to Storage, whose answer counts nothing",
  getReportChart: "the tenant's report has no groups",
  getReportRunChart: "the tenant's report has no groups",
  adminDownloadPrivacyExport: "the tenant's export is not ready",
};

async function readDocument({ status }: Bench): Promise<ApiDocument> {
  return await (await fetch(`${status.api_url}/functions/v1/docs/openapi.json`)).json();
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
async function ask(
  bench: Bench,
  endpoint: Operation,
  world: World,
  token: string,
): Promise<number> {
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
  const counted = callsOf(response);
  if (counted === undefined) {
    throw new Error(`${endpoint.method} ${endpoint.path} does not say how many calls it made.`);
  }
  return counted;
}

/** The first request of a caller in an isolate also reads who it is; that is not what is counted here. */
async function warmUp(bench: Bench, token: string): Promise<void> {
  for (const path of ["/customers", "/actions", "/sms/messages", "/upload/batches", "/auth/me"]) {
    await callFunction(bench.status, { authorization: `Bearer ${token}` }, { method: "GET", path });
  }
}

/** The requests of round_trip_calls.ts, which are about each other. */
async function asked(bench: Bench, listed: Operation[]): Promise<Counted[]> {
  const session = await signIn(bench.status, "clerk");
  const world = await makeWorld(bench, session.refreshToken);
  await warmUp(bench, session.token);
  const counted: Counted[] = [];
  for (const id of Object.keys(calls)) {
    const operation = listed.find((one) => one.id === id);
    if (!operation) continue;
    counted.push({ operation, calls: await ask(bench, operation, world, session.token) });
  }
  return counted;
}

const nameOf = ({ method, path }: Operation): string => `${method} ${path}`;

async function run(bench: Bench) {
  const document = await readDocument(bench);
  const listed = operationsOf(document);
  const swept = await sweep(bench, document, ({ id }) => id in calls);
  const counted = [...await asked(bench, listed), ...swept.counted];
  const rows: Row[] = counted.filter(({ calls }) => !(calls <= 1)).map(({ operation, calls }) => {
    const { calls: most = 1, why = "not known why" } = known[operation.id] ?? {};
    const what = `${nameOf(operation)} (${why})`;
    return { what, ours: calls, unit: "calls", target: { atMost: most } };
  });
  const reads = swept.refused.filter(({ operation }) => operation.method === "GET");
  const unread = reads.filter(({ operation }) => !(operation.id in uncounted));
  rows.unshift(
    {
      what: "endpoints with at most one call",
      ours: counted.length - rows.length,
      unit: `of ${counted.length} called`,
    },
    { what: "GET endpoints not called", ours: unread.length, unit: "", target: { atMost: 0 } },
    { what: "other endpoints not called", ours: swept.refused.length - reads.length, unit: "" },
  );
  const notes = swept.refused.map(({ operation, why }) =>
    `${nameOf(operation)} was not called: ${uncounted[operation.id] ?? why}`
  );
  return { rows, notes };
}

/** How many calls to the Data API and to Auth each endpoint makes, by its own count. */
export const roundTrips: Benchmark = { title: "Round trips", run };
