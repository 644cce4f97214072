import { signIn } from "./support/api.ts";
import { asText } from "./support/report.ts";
import type { Bench, Benchmark, Findings, Row } from "./support/benchmark.ts";
import { loadPeerData } from "./peer/data.ts";
import { type Call, type Cost, costOf, load, type Sample } from "./peer/load.ts";
import { hasPeer, packages, type Service, startFunction, startPeer } from "./peer/services.ts";

/** Rounds that count, each of all services in turn; one before them warms up. */
const rounds = 3;
const widths = [1, 16];

interface Endpoint extends Call {
  function: string;
  /** Requests a round: figures cost the peer a hundred times what a row costs. */
  count: number;
}

let posted = 0;

function endpoints(customer: string): Endpoint[] {
  const get = (path: string, count: number): Endpoint => ({
    method: "GET",
    path,
    function: path.split("/")[1]?.split("?")[0] ?? "",
    count,
  });
  const phone = () => `+23355${String(posted).padStart(7, "0")}`;
  return [
    get("/customers?status=connected", 64),
    get(`/customers/${customer}`, 64),
    {
      ...get("/customers", 64),
      method: "POST",
      body: () => ({ name: "New Customer", account_number: `NEW-${++posted}`, phone: phone() }),
    },
    get("/leads?limit=50", 48),
    {
      ...get("/leads", 48),
      method: "POST",
      body: () => ({ first_name: "New", last_name: `Lead ${++posted}`, phone: phone() }),
    },
    get("/pipeline/summary", 8),
    get("/dashboard/metrics", 8),
    get("/customers/dashboard/data", 8),
  ];
}

interface Services {
  ours: Map<string, Service>;
  local: Service;
  auth: Service;
}

async function start({ status }: Bench, started: Service[]): Promise<Services> {
  const begin = async (service: Promise<Service>) => {
    started.push(await service);
    return service;
  };
  const ours = new Map<string, Service>();
  for (const name of ["customers", "leads", "pipeline", "dashboard"]) {
    ours.set(name, await begin(startFunction(name, status)));
  }
  return {
    ours,
    local: await begin(startPeer(status, "local")),
    auth: await begin(startPeer(status, "auth")),
  };
}

type Costs = Record<"ours" | "local" | "auth", Cost>;

/** Each round asks all services, in turn first, so that a slower minute is one for all. */
async function measure(
  services: Services,
  endpoint: Endpoint,
  { width, token }: { width: number; token: string },
): Promise<Costs> {
  const own = services.ours.get(endpoint.function);
  if (!own) throw new Error(`No function ${endpoint.function} was started.`);
  const all = [["ours", own], ["local", services.local], ["auth", services.auth]] as const;
  const samples = { ours: [] as Sample[], local: [] as Sample[], auth: [] as Sample[] };
  for (let round = 0; round <= rounds; round++) {
    const count = Math.max(width, endpoint.count);
    for (let place = 0; place < all.length; place++) {
      const [name, service] = all[(place + round) % all.length] ?? all[0];
      const sample = await load(service, endpoint, { count, width, token });
      if (round > 0) samples[name].push(sample);
    }
  }
  const { ours, local, auth } = samples;
  return { ours: costOf(ours), local: costOf(local), auth: costOf(auth) };
}

function rowsOf(name: string, width: number, costs: Costs): Row[] {
  const row = (what: string, part: keyof Cost, peer: "local" | "auth", atMost?: number): Row => ({
    what: `${name}, ${width} at once: ${what}`,
    ours: costs.ours[part],
    baseline: costs[peer][part],
    unit: "ms",
    ...(atMost !== undefined && { target: { atMost } }),
  });
  return [
    row("service CPU", "cpu", "local", 0.5),
    row("p50", "p50", "local", 1),
    row("p99", "p99", "local", 1),
    row("service CPU, peer asks Auth", "cpu", "auth"),
    row("p50, peer asks Auth", "p50", "auth"),
    row("p99, peer asks Auth", "p99", "auth"),
  ];
}

async function run(bench: Bench): Promise<Findings> {
  if (Deno.build.os !== "linux" || !await hasPeer()) {
    return {
      rows: [],
      notes: [`Not measured: it needs Linux and Debian's packages (apt-get install ${packages}).`],
    };
  }
  const customer = await loadPeerData(bench.sql);
  const { token } = await signIn(bench.status, "admin");
  const started: Service[] = [];
  const rows: Row[] = [];
  try {
    const services = await start(bench, started);
    for (const endpoint of endpoints(customer)) {
      const name = `${endpoint.method} ${endpoint.path.replace(customer, "{id}")}`;
      for (const width of widths) {
        const found = rowsOf(name, width, await measure(services, endpoint, { width, token }));
        bench.say(`${asText(found)}\n`);
        rows.push(...found);
      }
    }
  } finally {
    await Promise.all(started.map((service) => service.stop()));
  }
  return {
    rows,
    notes: [
      "The baseline is a FastAPI service (`bench/peer/app.py`; Debian's FastAPI, uvicorn with uvloop, one worker) before " +
      "the same Data API, as the same person, with the same 10,000 customers and leads. It verifies tokens itself, or " +
      "asks Auth for each request. Both sides are processes of their own and are asked directly. CPU is of the " +
      `service's process alone, a request; ${rounds} rounds in turn.`,
    ],
  };
}

/** What requests cost here and in a service of the usual kind. */
export const peer: Benchmark = { title: "Against a FastAPI service", run };
