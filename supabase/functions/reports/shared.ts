import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { notFound, Problem, problems, unwrap } from "../_shared/problem.ts";
import { redirectToFile, storageOwner } from "./storage.ts";

const route = createRoute({
  method: "get",
  path: "/shared",
  operationId: "openReportLink",
  tags: ["reports"],
  summary: "The file behind a link for people without an account",
  description:
    "Each use is recorded with its address. A link that is unknown, revoked or expired looks the same.",
  security: [],
  request: {
    query: z.object({
      token: z.string().regex(/^[0-9a-f]{64}$/).openapi({
        description: "From the link",
        example: "0".repeat(64),
      }),
    }),
  },
  responses: {
    307: { description: "Where the file is for a minute" },
    ...problems(404, 422, 429, 502),
  },
});

const Opened = z.union([
  z.object({ retry_after: z.number() }),
  z.object({ file: z.object({ path: z.string(), file_name: z.string() }).nullable() }),
]);

/** The caller has no account, so the service role asks; the token says everything that the database must know. */
export function openReportLink(app: App) {
  app.openapi(route, async (c) => {
    const answer = await storageOwner(c).rpc("open_report_link", {
      token: c.req.valid("query").token,
      address: c.var.clientIp ?? "unknown",
    });
    const opened = Opened.parse(unwrap(answer));
    if ("retry_after" in opened) {
      throw new Problem(429, "rate_limited", "Too many requests. Wait and try again.", {
        headers: { "retry-after": String(Math.max(1, opened.retry_after)) },
      });
    }
    if (opened.file === null) throw notFound("file");
    return await redirectToFile(c, opened.file);
  });
}
