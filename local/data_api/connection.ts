import type { ConnectionContextOptions, IntrospectResult, VarsContext } from "@supabase/lite";
import { PostgresConnection } from "@supabase/lite/postgres";
import { sql } from "kysely";
import { asPostgrest, sendAhead } from "./driver.ts";
import { unquotePatterns } from "./filters.ts";
import { currentRequest, type RequestContext } from "./request_context.ts";
import { readSettings, type Settings } from "./settings.ts";

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
  #schema: Promise<IntrospectResult> | null = null;
  #settings: Promise<Settings> | null = null;

  constructor(url: string, connections: number) {
    super({
      url,
      postgresOptions: { max: connections, types: asPostgrest, onnotice: () => {} },
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
    const settings = await this.#readSettings();
    if (options.transaction) {
      if (vars) await applyContext(options.transaction, { vars, options, settings });
      return await run(options.transaction);
    }
    try {
      return await this.kysely.transaction().execute(async (transaction) => {
        if (vars) await applyContext(transaction, { vars, options, settings });
        const result = await run(transaction);
        if (rollback) throw new RolledBack(result);
        return result;
      });
    } catch (error) {
      if (error instanceof RolledBack) return error.result;
      throw error;
    }
  }

  /** Reads the schema once for all who ask, and keeps only what the API shows: Lite walks through it for each request. */
  override async introspect(options?: { useCache?: boolean }): Promise<IntrospectResult> {
    if (!options?.useCache) return await super.introspect(options);
    // Not from Lite's own cache: what is read while the schema changes would get into it after it was cleared.
    const reading = this.#schema ??= super.introspect().then(publicOnly);
    const schema = await reading;
    // Lite gives an empty schema where it could not read it.
    if (schema.tables.length === 0 && this.#schema === reading) this.#schema = null;
    return schema;
  }

  #readSettings(): Promise<Settings> {
    return this.#settings ??= readSettings(this.driver).catch((error) => {
      this.#settings = null;
      throw error;
    });
  }

  override async clearSchemaCache(): Promise<void> {
    this.#schema = null;
    this.#settings = null;
    await super.clearSchemaCache();
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

function publicOnly(all: IntrospectResult): IntrospectResult {
  const shown = <T extends { schema?: string }>(rows: T[]) =>
    rows.filter(({ schema }) => schema === "public");
  return {
    ...all,
    tables: shown(all.tables),
    columns: shown(all.columns),
    views: shown(all.views),
    functions: shown(all.functions ?? []),
    foreign_keys: shown(all.foreign_keys),
    primary_keys: shown(all.primary_keys),
    indexes: shown(all.indexes),
  };
}

interface TransactionContext {
  vars: VarsContext;
  options: ConnectionContextOptions;
  settings: Settings;
}

async function applyContext(
  transaction: Database,
  { vars, options, settings }: TransactionContext,
): Promise<void> {
  const auth: RequestClaims = vars.auth ?? {};
  const request = currentRequest.getStore();
  const role = auth.role ?? "anon";
  const all = {
    role,
    search_path: '"public", "extensions"',
    "request.jwt.claims": JSON.stringify(auth.jwt ?? { role }),
    "request.jwt.claim.sub": String(auth.uid ?? ""),
    "request.jwt.claim.role": role,
    "request.method": request?.method ?? "GET",
    "request.path": request?.path ?? "/",
    "request.headers": JSON.stringify(request?.headers ?? {}),
    "response.status": "",
    "response.headers": "",
    ...settings.for(role, functionOf(request)),
    ...(options.rpc?.readOnly && { transaction_read_only: "on" }),
  };
  const calls = Object.entries(all).map(([name, value]) =>
    sql`set_config(${sql.lit(name)}, ${value}, true)`
  );
  await sql`select ${sql.join(calls)}`.execute(transaction);
}

const functionOf = (request: RequestContext | undefined): string | null =>
  /^\/rpc\/([^/]+)$/.exec(request?.path ?? "")?.[1] ?? null;
