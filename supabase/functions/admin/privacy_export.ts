import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { toCsv } from "../_shared/csv.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdParam, permitted } from "../_shared/route.ts";
import { single, zipArchive, type ZipPart } from "../_shared/sheet/zip_archive.ts";

const route = createRoute({
  method: "get",
  path: "/privacy/requests/{id}/export",
  operationId: "adminDownloadPrivacyExport",
  tags: ["admin"],
  summary: "The file of an export",
  description: "A ZIP with a JSON and a CSV file for each table, made at this moment for this " +
    "caller. Texts about others that only mention the person are in it: read them before you " +
    "pass the file on. 409 `export_not_ready`, 410 `file_expired` after seven days or after the " +
    "person was erased. Closed to API keys and impersonation.",
  ...permitted("privacy:manage"),
  request: { params: IdParam },
  responses: {
    200: {
      description: "The file",
      content: { "application/zip": { schema: z.string().openapi({ format: "binary" }) } },
    },
    ...guarded,
    ...problems(404, 409, 410, 422, 429),
  },
});

const Slice = z.object({
  rows: z.array(z.object({
    relation: z.string(),
    number: z.number(),
    content: z.record(z.string(), z.unknown()),
  })),
});
type Row = z.infer<typeof Slice>["rows"][number];
type ReadSlice = (after: Row) => Promise<Row[]>;

/** The rows of one table after the other. */
async function* tablesOf(first: Row[], read: ReadSlice): AsyncGenerator<[string, Row[]]> {
  let table: Row[] = [];
  for (let rows = first; rows.length > 0;) {
    for (const row of rows) {
      const known = table[0];
      if (known && known.relation !== row.relation) {
        yield [known.relation, table];
        table = [];
      }
      table.push(row);
    }
    const last = rows[rows.length - 1];
    rows = last ? await read(last) : [];
  }
  if (table[0]) yield [table[0].relation, table];
}

function csvOf(rows: Row[]): string {
  const columns = [...new Set(rows.flatMap(({ content }) => Object.keys(content)))];
  const cell = (value: unknown) =>
    value === null || value === undefined
      ? null
      : typeof value === "object"
      ? JSON.stringify(value)
      : String(value);
  return "\uFEFF" +
    toCsv([columns, ...rows.map(({ content }) => columns.map((name) => cell(content[name])))]);
}

async function* partsOf(first: Row[], read: ReadSlice): AsyncGenerator<ZipPart> {
  for await (const [relation, rows] of tablesOf(first, read)) {
    const name = relation.replace(/^.*\./, "");
    yield [`${name}.json`, single(JSON.stringify(rows.map(({ content }) => content), null, 1))];
    yield [`${name}.csv`, single(csvOf(rows))];
  }
}

export function downloadPrivacyExport(app: App) {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid("param");
    const { db, actor } = c.var;
    const read = async (after?: Row) => {
      const answer = await db.rpc("download_privacy_export", {
        organization_id: actor.organizationId,
        request_id: id,
        ...(after && { after_relation: after.relation, after_number: after.number }),
      });
      return Slice.parse(unwrap(answer, "request")).rows;
    };
    // The first slice is read before the answer begins, so that a refusal is a problem and not part of a file.
    const first = await read();
    return new Response(ReadableStream.from(zipArchive(partsOf(first, read))), {
      headers: {
        "content-type": "application/zip",
        "content-disposition": `attachment; filename="export-${id}.zip"`,
        "cache-control": "no-store",
      },
    });
  });
}
