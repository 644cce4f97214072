import { OpenAPIHono, z } from "./zod.ts";
import { verifyAuth } from "@supabase/server/core";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { forgetActor } from "./actor.ts";
import type { AppEnv } from "./context.ts";
import { env } from "./env.ts";
import { idempotent } from "./idempotency.ts";
import { log } from "./log.ts";
import { documentConfig, securitySchemes } from "./openapi.ts";
import { Problem, problemResponse, problemStatus } from "./problem.ts";
import { reportFault } from "./sentry.ts";

/** A function's router. */
export type App = OpenAPIHono<AppEnv>;

export interface AppOptions {
  /**
   * Who may call: people with a token (`user`, the default), background work with a secret key (`service`), or anyone
   * (`public`: a user's token is still verified when one is sent; one that does not hold counts as none, because clients
   * keep sending an expired token while they refresh it, and hosted Supabase adds one of its own for a mere API key).
   */
  callers?: "user" | "service" | "public";
  /** Largest body in bytes; more is answered 413. Default 8 MiB. */
  maxBodyBytes?: number;
  /** Paths below the function's own whose bodies may be larger, and how large. */
  largerBodies?: Record<string, number>;
  /** What routes need that is too slow to load with the function; awaited before the first one runs. */
  ready?: () => Promise<void>;
  /** Whether the function has a route `/openapi.json` of its own, instead of the document of its routes. */
  ownDocument?: boolean;
  /** What `GET /health` checks besides that the function answers. */
  health?: (c: Context<AppEnv>) => Promise<Record<string, "ok" | "failing">>;
}

/**
 * Makes a function's router: base path, request id, one JSON log line a request, CORS, authentication, problem+json for
 * every failure, `GET /health` and `GET /openapi.json`. The only way in which a function is born.
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
  app.use(context(name), corsHeaders());
  app.get("/health", async (c) => {
    const checks = await options.health?.(c) ?? {};
    const ok = Object.values(checks).every((check) => check === "ok");
    return c.json({ status: ok ? "ok" : "failing", function: name, checks }, ok ? 200 : 503);
  });
  if (!options.ownDocument) {
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

function context(name: string): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const started = performance.now();
    const sent = c.req.header("x-request-id");
    const requestId = sent !== undefined && /^[\w.-]{1,100}$/.test(sent)
      ? sent
      : crypto.randomUUID();
    const clientIp = addressOf(c);
    c.set("requestId", requestId);
    c.set("clientIp", clientIp);
    c.set("caller", { kind: "anonymous" });
    c.set("counter", { calls: 0 });
    c.set("requestHeaders", {
      "x-request-id": requestId,
      ...(clientIp ? { "x-client-ip": clientIp } : {}),
    });
    await next();
    const ms = Math.round(performance.now() - started);
    c.header("x-request-id", requestId);
    c.header("server-timing", `total;dur=${ms}, data-api;desc="${c.var.counter.calls} calls"`);
    const { caller } = c.var;
    log(c.res.status >= 500 ? "error" : "info", "request", {
      function: name,
      request_id: requestId,
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms,
      data_api_calls: c.var.counter.calls,
      user_id: caller.kind === "user" ? caller.userId : caller.kind,
      organization_id: c.var.actor?.organizationId,
    });
  };
}

/**
 * The caller's address. Hosted projects stand behind Cloudflare, which sets cf-connecting-ip itself; of x-forwarded-for
 * only the last entry was written by a proxy of ours, the others are what the caller claims.
 */
function addressOf(c: Context<AppEnv>): string | undefined {
  const forwarded = c.req.header("x-forwarded-for")?.split(",").at(-1)?.trim();
  return c.req.header("cf-connecting-ip") || forwarded || undefined;
}

function corsHeaders(): MiddlewareHandler<AppEnv> {
  return cors({
    origin: (origin) => {
      const allowed = env.allowedOrigins();
      return allowed.includes("*") ? "*" : allowed.includes(origin) ? origin : null;
    },
    allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
    allowHeaders: [
      "authorization",
      "apikey",
      "content-type",
      "idempotency-key",
      "if-match",
      "last-event-id",
      "x-client-info",
      "x-organization-id",
      "x-request-id",
    ],
    exposeHeaders: [
      "etag",
      "ratelimit",
      "ratelimit-policy",
      "retry-after",
      "x-request-id",
      "content-disposition",
    ],
    maxAge: 86_400,
  });
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

function authenticate(callers: "user" | "service" | "public"): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const auth = callers === "user"
      ? "user" as const
      : callers === "service"
      ? "secret:*" as const
      : ["user" as const, "none" as const];
    const { data, error } = await verifyAuth(c.req.raw, { auth });
    if (error && callers === "public") return await next();
    if (error) {
      throw new Problem(401, "not_signed_in", "Send a valid access token as a bearer token.", {
        headers: { "www-authenticate": "Bearer" },
        cause: error,
      });
    }
    if (data.authMode === "user" && data.token && data.userClaims) {
      c.set("caller", { kind: "user", userId: data.userClaims.id, token: data.token });
    } else if (data.authMode === "secret") {
      c.set("caller", { kind: "service" });
    }
    await next();
  };
}

function invalidInput(issues: z.core.$ZodIssue[]): Problem {
  return new Problem(422, "invalid_field", "Some fields are invalid.", {
    errors: issues.slice(0, 100).map((issue) => ({
      path: issue.path.join("."),
      message: issue.message,
    })),
  });
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof z.ZodError) {
    return new Problem(500, "internal", "Something went wrong.", { cause: error });
  }
  if (error instanceof HTTPException && error.status === 415) {
    const detail = "The endpoint takes another content type than the one that was sent.";
    return new Problem(415, "unsupported_media_type", detail, { cause: error });
  }
  if (error instanceof HTTPException && error.status < 500) {
    const status = problemStatus(error.status);
    return new Problem(status === 500 ? 400 : status, "malformed", "The request is malformed.", {
      cause: error,
    });
  }
  return new Problem(
    500,
    "internal",
    "Something went wrong. The request id helps us find out what.",
    { cause: error },
  );
}

function failed(c: Context<AppEnv>, problem: Problem): Response {
  const requestId = c.var.requestId ?? crypto.randomUUID();
  if (problem.code === "not_a_member") forgetActor(c);
  if (problem.status >= 500) {
    const cause = problem.extra.cause ?? problem;
    log("error", "fault", {
      request_id: requestId,
      path: c.req.path,
      code: problem.code,
      cause: cause instanceof Error ? cause.stack ?? cause.message : JSON.stringify(cause),
    });
    reportFault(cause, { request_id: requestId, path: c.req.path });
  }
  return problemResponse(problem, requestId);
}
