import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { fingerprint } from "../_shared/idempotency.ts";
import { problems } from "../_shared/problem.ts";
import { json } from "../_shared/route.ts";

const route = createRoute({
  method: "get",
  path: "/openapi.json",
  operationId: "getOpenApiDocument",
  tags: ["docs"],
  summary: "This document",
  security: [],
  request: {
    headers: z.object({
      "if-none-match": z.string().optional().openapi({ example: '"2f1c9a7b0d3e4f56"' }),
    }),
  },
  responses: {
    200: json(
      z.record(z.string(), z.unknown()).openapi({ example: { openapi: "3.1.0" } }),
      "The whole API, OpenAPI 3.1",
    ),
    304: { description: "The document has not changed since that ETag" },
    ...problems(404),
  },
});

/** Functions that only jobs and providers call; their part of the document is for the repository. */
const isInternal = (path: string): boolean => /^\/(jobs|report-jobs|webhooks)\//.test(path);

interface Served {
  document: Record<string, unknown>;
  etag: string;
}

let served: Promise<Served> | undefined;

/** Loaded on the first request: it is large, and the tool that writes it imports this module. */
async function load(): Promise<Served> {
  const { default: whole } = await import("./openapi.json", { with: { type: "json" } });
  const paths = Object.entries(whole.paths).filter(([path]) => !isInternal(path));
  const document = { ...whole, paths: Object.fromEntries(paths) };
  const hash = await fingerprint([new TextEncoder().encode(JSON.stringify(document))]);
  return { document, etag: `"${hash.slice(0, 16)}"` };
}

export function getDocument(app: App) {
  app.openapi(route, async (c) => {
    const { document, etag } = await (served ??= load());
    c.header("etag", etag);
    c.header("cache-control", "public, max-age=300");
    const known = c.req.valid("header")["if-none-match"]?.split(",").map((tag) =>
      tag.trim().replace(/^W\//, "")
    );
    return known?.includes(etag) ? c.body(null, 304) : c.json(document, 200);
  });
}
