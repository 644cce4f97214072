import {
  type ApiDocument,
  type Operation,
  operationsOf,
  resolve,
  sample,
} from "../tests/support/document.ts";
import { newTenant, pathOf, type Tenant } from "../tests/support/tenant.ts";
import { database } from "../tests/support/db.ts";
import { bodies } from "./round_trip_bodies.ts";
import { callFunction } from "./support/api.ts";
import type { Bench } from "./support/benchmark.ts";

/** An endpoint that was called, and the calls that it made by its own count. */
export interface Counted {
  operation: Operation;
  calls: number;
}

/** What was counted, and what could not be called. */
export interface Sweep {
  counted: Counted[];
  /** With the reason. */
  refused: { operation: Operation; why: string }[];
}

/** What reads comes first, and what ends something last: the parts of a thing before the thing itself. */
const methods = ["GET", "PATCH", "PUT", "POST", "DELETE"];
const rank = ({ method, path }: Operation): number =>
  1_000 * methods.indexOf(method) - (method === "DELETE" ? path.length : 0);

/** Streams do not end. */
const endless = ["streamCampaign", "openCampaignSocket"];

/** The calls that an answer counts: `Server-Timing: data-api;desc="n calls"`. */
export function callsOf(response: Response): number | undefined {
  const header = response.headers.get("server-timing") ?? "";
  const counted = /data-api;desc="(\d+) calls"/.exec(header)?.[1];
  return counted === undefined ? undefined : Number(counted);
}

/** A body that fits the tenant where it is known, otherwise what the description gives and demands. */
function bodyFor(document: ApiDocument, operation: Operation, tenant: Tenant) {
  if (operation.method === "GET") return undefined;
  const known = bodies[operation.id]?.(tenant.ids);
  if (known || !operation.body) return known;
  const { example } = resolve(document, operation.body);
  if (operation.method === "PATCH") return sample(document, operation.body);
  return example ?? sample(document, operation.body, tenant.ids);
}

/**
 * An id with other capitals. The first request of a person in an isolate also reads who it is, which is not what is counted
 * here; an isolate keeps that for 30 seconds by this header. With a spelling of its own each operation is called right after
 * a request that has just read it.
 */
const spelled = (id: string, spelling: number): string => {
  let bit = 0;
  return id.replace(/[a-f]/g, (letter) => spelling >> bit++ & 1 ? letter.toUpperCase() : letter);
};

/**
 * Calls each operation of the document once, as the admin of an organization that has one of everything, with the tenant's
 * ids and a body made of the description.
 */
export async function sweep(
  bench: Bench,
  document: ApiDocument,
  without: (operation: Operation) => boolean,
): Promise<Sweep> {
  // The helpers of the tests find the stack by its folder.
  Deno.env.set("SIGNALBOX_DATA", bench.folder);
  const tenant = await newTenant("Bench");
  const found: Sweep = { counted: [], refused: [] };
  const ask = async (spelling: number, { method, path, query }: Operation, body?: unknown) => {
    const response = await callFunction(
      bench.status,
      {
        authorization: `Bearer ${tenant.admin.accessToken}`,
        "x-organization-id": spelled(tenant.id, spelling),
      },
      { method, path: pathOf(tenant, path) + query, body },
    );
    await response.body?.cancel();
    const calls = callsOf(response);
    if (calls === undefined) throw new Error("the answer does not count calls");
    return calls;
  };
  const warm = new Map<string, Operation>();
  const operations = operationsOf(document).filter((one) => !without(one))
    .sort((a, b) => rank(a) - rank(b));
  for (const [spelling, operation] of operations.entries()) {
    const name = operation.path.split("/")[1] ?? "";
    try {
      if (endless.includes(operation.id)) throw new Error("a stream");
      const first = operation.method === "GET" ? operation : warm.get(name);
      if (first) await ask(spelling, first);
      const calls = await ask(spelling, operation, bodyFor(document, operation, tenant));
      found.counted.push({ operation, calls });
      if (operation.method === "GET" && !operation.path.includes("{")) warm.set(name, operation);
    } catch (error) {
      const why = error instanceof Error ? error.message.slice(0, 300) : String(error);
      found.refused.push({ operation, why });
    }
  }
  await database().end({ timeout: 1 });
  return found;
}
