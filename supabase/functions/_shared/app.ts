import { OpenAPIHono } from "./zod.ts";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { authenticate, type Callers } from "./authenticate.ts";
import type { AppEnv } from "./context.ts";
import { corsHeaders } from "./cors.ts";
import { failed, invalidInput, toProblem } from "./failure.ts";
import { idempotent } from "./idempotency.ts";
import { documentConfig, securitySchemes } from "./openapi.ts";
import { Problem } from "./problem.ts";
import { requestContext } from "./request_context.ts";

/** A function's router. */
export type App = OpenAPIHono<AppEnv>;

export interface AppOptions {
  /** Who may call it, people with a token by default. */
  callers?: Callers;
  /** The maximum body in bytes, 8 MiB by default; a larger one gets 413. */
  maxBodyBytes?: number;
  /** Paths below the function's own with another maximum, in bytes. */
  largerBodies?: Record<string, number>;
  /** Loads what routes need and what is too slow to load with the function; awaited before a route runs. */
  ready?: () => Promise<void>;
  /** What `GET /openapi.json` answers: the document of the function's `routes` (the default), or nothing here. */
  document?: "routes" | "none";
  /** Further checks of `GET /health`; "none" where the function has a route of this name. */
  health?: "none" | ((c: Context<AppEnv>) => Promise<Record<string, "ok" | "failing">>);
}

/**
 * Creates the router of a function: base path, request id, one JSON log line per request, CORS, authentication,
 * problem+json for every error, `GET /health` and `GET /openapi.json`. Every function uses it.
 */
export function createApp(name: string, options: AppOptions = {}): App {
  const root = new OpenAPIHono<AppEnv>({
    strict: false,
    defaultHook: (result) => {
      if (!result.success) throw invalidInput(result.error.issues);
    },
  });
  const app = root.basePath(`/${name}`);
  securitySchemes(app);
  app.use(requestContext(name), corsHeaders);
  const { health } = options;
  if (health !== "none") {
    app.get("/health", async (c) => {
      const checks = await health?.(c) ?? {};
      const ok = Object.values(checks).every((check) => check === "ok");
      return c.json({ status: ok ? "ok" : "failing", function: name, checks }, ok ? 200 : 503);
    });
  }
  if (options.document !== "none") {
    app.get("/openapi.json", (c) => c.json(app.getOpenAPI31Document(documentConfig), 200));
  }
  app.use(
    limitBody(name, options),
    authenticate(options.callers ?? "user"),
    idempotent,
    async (_c, next) => {
      await options.ready?.();
      await next();
    },
  );
  app.notFound((c) => failed(c, new Problem(404, "no_such_route", "There is no such endpoint.")));
  app.onError((error, c) => failed(c, toProblem(error)));
  root.notFound((c) => failed(c, new Problem(404, "no_such_route", "There is no such endpoint.")));
  root.onError((error, c) => failed(c, toProblem(error)));
  return app;
}

function limitBody(
  name: string,
  { maxBodyBytes = 8 * 1024 * 1024, largerBodies = {} }: AppOptions,
): MiddlewareHandler<AppEnv> {
  const upTo = (maxSize: number) =>
    bodyLimit({
      maxSize,
      onError: () => {
        throw new Problem(
          413,
          "too_large",
          `The body is larger than ${
            maxSize < 1048576 ? `${maxSize / 1024} kB` : `${Math.floor(maxSize / 1048576)} MB`
          }.`,
        );
      },
    });
  const usual = upTo(maxBodyBytes);
  const larger = new Map(
    Object.entries(largerBodies).map(([path, bytes]) => [`/${name}${path}`, upTo(bytes)]),
  );
  return (c, next) => (larger.get(c.req.path) ?? usual)(c, next);
}
