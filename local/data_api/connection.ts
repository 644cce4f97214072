import type { ConnectionContextOptions, VarsContext } from "@supabase/lite";
import { PostgresConnection } from "@supabase/lite/postgres";
import { sql } from "kysely";
import type postgres from "postgres";
import { unquotePatterns } from "./filters.ts";
import { currentRequest } from "./request_context.ts";

type AnyAST = Parameters<PostgresConnection["onPostgrestAST"]>[0];
type Database = PostgresConnection["kysely"];

/** Ends a transaction whose result is wanted but whose changes are not (`Prefer: tx=rollback`). */
class RolledBack<T> extends Error {
  constructor(readonly result: T) {
    super("rolled back");
  }
}

interface RequestClaims {
  role?: string;
  uid?: string;
  jwt?: unknown;
}

/**
 * Lite's connection with its request context replaced. Lite runs requests as the connecting superuser
 * if no table had row level security when the first one came, and else first grants everything on
 * every table with it to the API roles. Here each request runs in a transaction under its role, always,
 * with the settings that PostgREST makes, and no privilege is ever changed.
 */
export class RequestConnection extends PostgresConnection {
  constructor(url: string) {
    super({
      url,
      postgresOptions: { max: 20, types: asPostgrest, onnotice: () => {} },
    });
    sendAhead(this.driver);
    // Should Lite reach its own check besides, it must find it done: it would undo revokes.
    Object.assign(this, { rlsState: "active" });
  }

  override async withContext<T>(
    vars: VarsContext | undefined,
    run: (db: Database) => Promise<T>,
    options: ConnectionContextOptions = {},
  ): Promise<T> {
    const rollback = options.forceRollback === true;
    if (!vars && !rollback) return await run(this.kysely);
    if (options.transaction) {
      if (vars) await applyContext(options.transaction, vars, options);
      return await run(options.transaction);
    }
    try {
      return await this.kysely.transaction().execute(async (transaction) => {
        if (vars) await applyContext(transaction, vars, options);
        const result = await run(transaction);
        if (rollback) throw new RolledBack(result);
        return result;
      });
    } catch (error) {
      if (error instanceof RolledBack) return error.result;
      throw error;
    }
  }

  override async onPostgrestAST(ast: AnyAST): Promise<AnyAST> {
    if ("where" in ast) unquotePatterns(ast.where);
    return await super.onPostgrestAST(ast);
  }

  override normalizeDbError(error: unknown): ReturnType<PostgresConnection["normalizeDbError"]> {
    const request = currentRequest.getStore();
    if (request) request.databaseError = error;
    return super.normalizeDbError(error);
  }
}

async function applyContext(
  transaction: Database,
  vars: VarsContext,
  options: ConnectionContextOptions,
): Promise<void> {
  const auth: RequestClaims = vars.auth ?? {};
  const request = currentRequest.getStore();
  const role = auth.role ?? "anon";
  await sql`
    select set_config('role', ${role}, true),
      set_config('search_path', '"public", "extensions"', true),
      set_config('request.jwt.claims', ${JSON.stringify(auth.jwt ?? { role })}, true),
      set_config('request.jwt.claim.sub', ${String(auth.uid ?? "")}, true),
      set_config('request.jwt.claim.role', ${role}, true),
      set_config('request.method', ${request?.method ?? "GET"}, true),
      set_config('request.path', ${request?.path ?? "/"}, true),
      set_config('request.headers', ${JSON.stringify(request?.headers ?? {})}, true),
      set_config('response.status', '', true),
      set_config('response.headers', '', true)`.execute(transaction);
  if (options.rpc?.readOnly) {
    await sql`set local transaction_read_only = on`.execute(transaction);
  }
}

/** Values as PostgREST shows them, where Lite would give the text of PostgreSQL. */
const asPostgrest: Record<string, postgres.PostgresType> = {
  // Lite hands jsonb over as text; the driver would encode that text once more.
  jsonb: {
    to: 3802,
    from: [3802],
    serialize: (value: unknown) =>
      typeof value === "string" && /^[[{]/.test(value) ? value : JSON.stringify(value),
    parse: (text: string) => JSON.parse(text),
  },
  timestamptz: {
    to: 1184,
    from: [1184],
    serialize: (value: unknown) => value,
    parse: (text: string) => text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"),
  },
  timestamp: {
    to: 1114,
    from: [1114],
    serialize: (value: unknown) => value,
    parse: (text: string) => text.replace(" ", "T"),
  },
  // Filters send booleans as text; the driver would take that for false.
  boolean: {
    to: 16,
    from: [16],
    serialize: (value: unknown) => (/^(?:true|t|yes|on|1)$/i.test(String(value)) ? "t" : "f"),
    parse: (text: string) => text === "t",
  },
  numeric: {
    to: 1700,
    from: [1700],
    serialize: (value: unknown) => String(value),
    parse: (text: string) => Number.isFinite(Number(text)) ? Number(text) : text,
  },
};

/**
 * Halves the time of a request: statements with parameters are prepared, and `begin` and the request's
 * settings are sent without waiting for their answers. If one of those fails, the statement after it
 * reports that failure.
 */
function sendAhead(driver: postgres.Sql): void {
  const reserve = driver.reserve.bind(driver);
  driver.reserve = async () => {
    const connection = await reserve();
    const send = connection.unsafe.bind(connection);
    let ahead: Promise<unknown>[] = [];
    const unsafe = (query: string, parameters?: postgres.ParameterOrJSON<never>[]) => {
      const answer = parameters?.length ? send(query, parameters, { prepare: true }) : send(query);
      if (query === "begin" || query.trimStart().startsWith("select set_config('role'")) {
        answer.catch(() => {});
        ahead.push(answer);
        return Promise.resolve(Object.assign([], { count: 0, command: "SELECT" }));
      }
      const before = ahead;
      ahead = [];
      return Promise.all([...before, answer]).then((answers) => answers.at(-1));
    };
    return Object.assign(connection, { unsafe });
  };
}
