import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { notFound, problems, unwrap } from "../_shared/problem.ts";
import { redirect, redirectToFile, serviceClient } from "./storage.ts";

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

const Opened = z.object({
  file: z.union([
    z.object({ path: z.string(), file_name: z.string() }),
    z.object({ spreadsheet: z.string() }),
  ]).nullable(),
});

/** The caller has no account, so the service role asks; the token says everything that the database must know. */
export function openReportLink(app: App) {
  app.openapi(route, async (c) => {
    const { token } = c.req.valid("query");
    const answer = await serviceClient(c).rpc("open_report_link", { token });
    const { file } = Opened.parse(unwrap(answer));
    if (file === null) throw notFound("file");
    return "spreadsheet" in file ? redirect(file.spreadsheet) : await redirectToFile(file);
  });
}
