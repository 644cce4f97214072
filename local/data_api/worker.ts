import postgres from "postgres";
import { forwardedHeaders, forwardTo } from "../forward.ts";
import { runPart, serveLocally } from "../workers/run.ts";
import { createLite } from "./app.ts";
import { createRest } from "./rest.ts";

/** How to run the Data API. */
export interface DataApiOptions {
  adminUrl: string;
  apiUrl: string;
}

/** Where the Data API listens. */
export interface DataApiPorts {
  /** For the gateway. */
  port: number;
  /** For functions, as their `SUPABASE_URL`: most of what they ask is the Data API, and comes here without a detour. */
  functionsPort: number;
}

/** PostgREST's default of `db-pool`. */
const CONNECTIONS = 10;

runPart(async ({ adminUrl, apiUrl }: DataApiOptions) => {
  const lite = createLite({ adminUrl, apiUrl, connections: CONNECTIONS, restOnly: true });
  const rest = createRest(lite.fetch);
  const listener = postgres(adminUrl, { max: 1, onnotice: () => {} });
  await listener.listen("pgrst", () => void lite.connection.clearSchemaCache());
  // Takes a third of a second, which the stack need not wait for.
  lite.connection.introspect({ useCache: true });
  const gateway = forwardTo(Number(new URL(apiUrl).port));
  const ready: DataApiPorts = {
    port: serveLocally((request) => rest(request, request.headers)),
    functionsPort: serveLocally((request, clientIp) =>
      new URL(request.url).pathname.startsWith("/rest/v1/")
        ? rest(request, forwardedHeaders(request, clientIp))
        : gateway(request, clientIp)
    ),
  };
  return { ready };
});
