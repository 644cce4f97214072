import postgres from "postgres";
import { runPart, serveLocally } from "../workers/run.ts";
import { createLite } from "./app.ts";
import { createRest } from "./rest.ts";

/** How to run the Data API. */
export interface DataApiOptions {
  adminUrl: string;
  apiUrl: string;
}

/** PostgREST's default of `db-pool`. */
const CONNECTIONS = 10;

runPart(async ({ adminUrl, apiUrl }: DataApiOptions) => {
  const lite = createLite({ adminUrl, apiUrl, connections: CONNECTIONS, restOnly: true });
  const rest = createRest(lite.fetch);
  const listener = postgres(adminUrl, { max: 1, onnotice: () => {} });
  await listener.listen("pgrst", () => void lite.connection.clearSchemaCache());
  await lite.connection.introspect({ useCache: true });
  return { ready: { port: serveLocally((request) => rest(request, request.headers)) } };
});
