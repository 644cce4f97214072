import { z } from "./zod.ts";
import type { MiddlewareHandler } from "hono";
import { requirePermission } from "./actor.ts";
import type { AppEnv } from "./context.ts";
import { problems } from "./problem.ts";

/** The parts of a route definition that require a permission and document it. */
export function permitted(permission: string, ...further: MiddlewareHandler<AppEnv>[]) {
  const security: Record<string, string[]>[] = [{ bearer: [] }, { apiKey: [] }];
  return {
    security,
    "x-permission": permission,
    middleware: [requirePermission(permission), ...further],
  };
}

/** A JSON response of a route definition. */
export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { "application/json": { schema } } };
}

/** A required JSON body of a route definition. */
export function jsonBody<T extends z.ZodType>(schema: T) {
  return { required: true, content: { "application/json": { schema } } };
}

/** `{id}` in a path. */
export const IdParam = z.object({
  id: z.uuid().openapi({
    param: { name: "id", in: "path" },
    example: "0199aa5c-6f0e-7c1e-9a52-0d5c1f5a3b11",
  }),
});

/** The header that makes a POST idempotent. */
export const IdempotencyHeader = z.object({
  "idempotency-key": z.string().max(257).optional().openapi({
    description: "Repeats with the same key and body within 24 hours get the first answer",
    example: '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
  }),
});

/** The problems of every route that requires a signed-in caller. */
export const guarded = problems(401, 403);
