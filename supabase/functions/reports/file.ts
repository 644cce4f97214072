import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { IfNoneMatchHeader, namedTags, namesTag, notModified } from "../_shared/etag.ts";
import { Problem, problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, json, permitted } from "../_shared/route.ts";
import { RunStatus } from "./run_schemas.ts";
import { redirect, redirectToFile } from "./storage.ts";

/** Seconds after which to ask again for a file that is being written. */
const retrySeconds = 2;

const Waiting = z.object({ status: RunStatus }).openapi("ReportFileWaiting");

const route = createRoute({
  method: "get",
  path: "/runs/{id}/file",
  operationId: "downloadReport",
  tags: ["reports"],
  summary: "The file of a run",
  description:
    "Redirects to an address that is valid for a minute, or to the Google spreadsheet. Checked at this moment: the caller is a " +
    "member, and the run is theirs and they still have the permissions that the report needs, `reports:export` " +
    "among them, or they were mailed it and its owner still has them. 409 `run_refused`, `run_failed` or `run_missed` where there is no file, with the run's `reason` as a member, 410 `file_expired` after it was deleted.",
  ...permitted("reports:read"),
  request: { params: IdParam, headers: IfNoneMatchHeader },
  responses: {
    202: json(Waiting, "Not there yet: see Retry-After"),
    307: { description: "Where the file is for a minute" },
    ...notModified,
    ...guarded,
    ...problems(404, 409, 410, 422, 502),
  },
});

const Answer = z.object({
  status: z.union([RunStatus, z.literal("expired")]),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  path: z.string().optional(),
  file_name: z.string().optional(),
  checksum: z.string().optional(),
  spreadsheet: z.string().optional(),
});

export function downloadReport(app: App) {
  app.openapi(route, async (c) => {
    const named = c.req.header("if-none-match");
    const answer = await c.var.db.rpc("download_report_run", {
      organization_id: c.var.actor.organizationId,
      run_id: c.req.valid("param").id,
      known: namedTags(named),
    });
    const { status, reason, detail, path, file_name, checksum, spreadsheet } = Answer.parse(
      unwrap(answer, "run"),
    );
    if (status === "expired") {
      throw new Problem(410, "file_expired", "The file was deleted. Export the report again.");
    }
    if (status === "refused" || status === "failed" || status === "missed") {
      throw new Problem(409, `run_${status}`, detail ?? "There is no file.", {
        members: { reason },
      });
    }
    if (spreadsheet !== undefined) return redirect(spreadsheet);
    if (path === undefined || file_name === undefined) {
      c.header("retry-after", String(retrySeconds));
      return c.json({ status }, 202);
    }
    const tag = `"${checksum}"`;
    if (namesTag(named, tag)) {
      c.header("etag", tag);
      return c.body(null, 304);
    }
    const response = await redirectToFile({ path, file_name });
    response.headers.set("etag", tag);
    return response;
  });
}
