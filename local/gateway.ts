import { docsPage } from "./docs_page.ts";
import { messageOf, warn } from "./log.ts";

/** Answers a request from the client with this address. */
export type Handler = (request: Request, clientIp: string) => Promise<Response>;

/** The services behind the one API address, by the first part of their path. */
export interface Services {
  rest: Handler;
  auth: Handler;
  storage: Handler;
  realtime: Handler;
  functions: Handler;
  /** The simulated Google, which hosted projects reach elsewhere. */
  google: Handler;
  /** The page at `/`; null: the path is not its own. */
  console: (request: Request) => Promise<Response | null>;
}

/** Serves all of the platform's API on one port, and nothing else. */
export function startGateway(port: number, services: Services): Deno.HttpServer {
  return Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, async (request, info) => {
    const { pathname } = new URL(request.url);
    try {
      return await route(request, pathname, { services, clientIp: info.remoteAddr.hostname });
    } catch (error) {
      warn(`${request.method} ${pathname}: ${messageOf(error)}`);
      return Response.json({ message: "An unexpected error occurred" }, { status: 500 });
    }
  });
}

async function route(
  request: Request,
  path: string,
  { services, clientIp }: { services: Services; clientIp: string },
): Promise<Response> {
  const prefix = /^\/(rest|auth|storage|realtime|functions)\/v1(?:\/|$)/.exec(path)?.[1];
  if (prefix === "functions") return await services.functions(request, clientIp);
  if (prefix === "realtime") return await services.realtime(request, clientIp);
  if (prefix === "rest" || prefix === "auth" || prefix === "storage") {
    if (request.method === "OPTIONS") return preflight(request);
    return withCors(await services[prefix](request, clientIp));
  }
  if (path.startsWith("/google/")) return await services.google(request, clientIp);
  const page = await docsPage(path) ?? await services.console(request);
  if (page) return page;
  return Response.json({ message: "no Route matched with those values" }, { status: 404 });
}

function preflight(request: Request): Response {
  const wanted = request.headers.get("access-control-request-headers");
  const headers = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, HEAD, PUT, PATCH, POST, DELETE, OPTIONS",
    "access-control-allow-headers": wanted ?? "*",
    "access-control-max-age": "3600",
  };
  return new Response(null, { status: 204, headers });
}

function withCors(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("access-control-allow-origin", "*");
  headers.set(
    "access-control-expose-headers",
    "content-range, content-location, content-length, preference-applied, link, x-total-count, " +
      "x-sb-error-code",
  );
  return new Response(response.body, { status: response.status, headers });
}
