import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { documentConfig } from "../_shared/openapi.ts";
import { problems } from "../_shared/problem.ts";
import { json } from "../_shared/route.ts";
import { checkDatabase } from "./database.ts";

const Check = z.enum(["ok", "failing"]);

const Health = z.object({
  status: Check,
  checks: z.object({ database: Check }),
  version: z.string().openapi({ example: documentConfig.info.version }),
}).openapi("Health");

const route = createRoute({
  method: "get",
  path: "/",
  operationId: "getHealth",
  tags: ["health"],
  summary: "Whether the service works",
  description:
    "Each function but admin has its own `GET /<function>/health`, and each `GET /<function>/openapi.json`.",
  security: [],
  responses: {
    200: json(Health, "All checks are ok"),
    503: json(Health, "A check fails"),
    ...problems(404),
  },
});

export function getHealth(app: App) {
  app.openapi(route, async (c) => {
    const checks = { database: await checkDatabase(c) };
    c.header("cache-control", "no-store");
    const { version } = documentConfig.info;
    return c.json(
      { status: checks.database, checks, version },
      checks.database === "ok" ? 200 : 503,
    );
  });
}
