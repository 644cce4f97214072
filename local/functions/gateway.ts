import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PUBLISHABLE_KEY, SECRET_KEY } from "../keys.ts";
import { messageOf } from "../log.ts";
import type { ProjectConfig } from "../project_config.ts";
import { verifyAccessToken } from "../tokens.ts";
import { forward, proxySocket, WorkerGone } from "./proxy.ts";
import { type FunctionWorker, startWorker } from "./worker.ts";

/** The functions of a project behind `/functions/v1`. */
export interface Functions {
  handle(request: Request, clientIp: string): Promise<Response>;
  /** Replaces the workers of these functions, or of all; requests under way may finish. */
  reload(names: Iterable<string> | "all"): void;
  stop(): void;
}

interface FunctionsOptions {
  projectDir: string;
  config: ProjectConfig;
  timeoutMs: number;
}

/** Serves each folder of `supabase/functions` from a worker that the first request starts. */
export function createFunctions({ projectDir, config, timeoutMs }: FunctionsOptions): Functions {
  const workers = new Map<string, FunctionWorker>();

  function workerFor(name: string): FunctionWorker {
    const running = workers.get(name);
    if (running) return running;
    const entry = pathToFileURL(entryOf(projectDir, name)).href;
    const worker = startWorker(name, entry, () => forget(name, worker));
    workers.set(name, worker);
    return worker;
  }

  function forget(name: string, worker: FunctionWorker): void {
    if (workers.get(name) === worker) workers.delete(name);
  }

  async function ask(name: string, request: Request, clientIp: string): Promise<Response> {
    const worker = workerFor(name);
    const leave = worker.enter();
    try {
      const port = await worker.port;
      if (request.headers.get("upgrade")?.toLowerCase() === "websocket") {
        return await proxySocket(request, { port, clientIp });
      }
      return await forward(request, { port, clientIp, timeoutMs });
    } catch (error) {
      if (error instanceof WorkerGone) {
        forget(name, worker);
        worker.terminate();
      }
      throw error;
    } finally {
      leave();
    }
  }

  return {
    async handle(request, clientIp) {
      const name = /^\/functions\/v1\/([A-Za-z0-9][\w-]*)(?:\/|$)/.exec(
        new URL(request.url).pathname,
      )
        ?.[1];
      if (!name || !exists(entryOf(projectDir, name))) return notFound();
      if (config.verifiesJwt(name) && !await isAuthorized(request)) return unauthorized();
      try {
        return await ask(name, request, clientIp);
      } catch (error) {
        if (error instanceof WorkerGone) {
          return await retry(error, (again) => ask(name, again, clientIp));
        }
        return Response.json({ code: "BOOT_ERROR", message: messageOf(error) }, { status: 503 });
      }
    },
    reload(names) {
      for (const name of names === "all" ? [...workers.keys()] : names) {
        workers.get(name)?.retire();
        workers.delete(name);
      }
    },
    stop() {
      for (const worker of workers.values()) worker.terminate();
      workers.clear();
    },
  };
}

/** Asks a second time where the first worker cannot have seen the request. */
async function retry(
  error: WorkerGone,
  ask: (request: Request) => Promise<Response>,
): Promise<Response> {
  if (!error.again) return error.response();
  try {
    return await ask(error.again);
  } catch (second) {
    if (second instanceof WorkerGone) return second.response();
    return Response.json({ code: "BOOT_ERROR", message: messageOf(second) }, { status: 503 });
  }
}

const entryOf = (projectDir: string, name: string) =>
  join(projectDir, "supabase", "functions", name, "index.ts");

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function notFound(): Response {
  const body = { code: "NOT_FOUND", message: "Requested function was not found" };
  return Response.json(body, { status: 404 });
}

function unauthorized(): Response {
  const body = { code: "UNAUTHORIZED_INVALID_JWT", message: "A valid JWT or API key is needed" };
  return Response.json(body, { status: 401 });
}

async function isAuthorized(request: Request): Promise<boolean> {
  if (request.method === "OPTIONS") return true;
  const apikey = request.headers.get("apikey") ?? "";
  if (apikey === PUBLISHABLE_KEY || apikey === SECRET_KEY) return true;
  const token = request.headers.get("authorization")?.replace(/^Bearer /i, "") ?? "";
  return await verifyAccessToken(token).then(() => true, () => false);
}
