import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Actor } from "../_shared/actor.ts";
import type { Client } from "../_shared/clients.ts";
import { resolveMapping, suggestMapping } from "../_shared/lead_import/mapping.ts";
import { repetitions, rowsOfPiece } from "../_shared/lead_import/piece.ts";
import { type CellError, leadReader, type LeadRow } from "../_shared/lead_import/row.ts";
import type { Mapping } from "../_shared/lead_import/terms.ts";
import { invalidFields, Problem, problems, unwrap } from "../_shared/problem.ts";
import { rateLimited } from "../_shared/rate_limit.ts";
import { guarded, IdempotencyHeader, json, permitted } from "../_shared/route.ts";
import { Preview, WantedMapping } from "./import/schemas.ts";
import { type Form, readForm, type Source } from "./import/source.ts";

const maxRows = 2_000;
const maxErrors = 1_000;
const shown = 20;

const route = createRoute({
  method: "post",
  path: "/import/preview",
  operationId: "previewLeadImport",
  tags: ["leads"],
  summary: "Upload a file of leads and see what would come of it",
  description:
    "A .csv file of up to 50 MB, or an .xlsx or .xls workbook of up to 10 MB. It waits under upload_id for 24 hours; " +
    "with `upload_id` instead of `file` another mapping is tried on it. `row` is the sheet's own row number.",
  ...permitted("leads:import", rateLimited("upload")),
  request: {
    headers: IdempotencyHeader,
    body: {
      required: true,
      content: {
        // A plain schema: the form is read while it comes in, not by the router.
        "multipart/form-data": {
          schema: {
            type: "object",
            properties: {
              file: { type: "string", format: "binary" },
              upload_id: { type: "string", format: "uuid" },
              mapping: { type: "string", description: "JSON: { column header or index: field }" },
            },
          },
        },
      },
    },
  },
  responses: {
    201: json(Preview, "What was read"),
    ...guarded,
    ...problems(400, 404, 409, 413, 415, 422, 429),
  },
});

function wantedMapping(text: string | undefined, source: Source, suggested: Mapping): Mapping {
  if (text === undefined || text.trim() === "") return suggested;
  let wanted: unknown;
  try {
    wanted = JSON.parse(text);
  } catch {
    throw invalidFields([{ path: "mapping", message: "is not JSON" }]);
  }
  const parsed = WantedMapping.safeParse(wanted);
  if (!parsed.success) {
    throw invalidFields([{ path: "mapping", message: "is not an object of columns and fields" }]);
  }
  const { mapping, errors } = resolveMapping(parsed.data, source.columns, source.terms);
  if (errors.length > 0) throw invalidFields(errors.slice(0, 100));
  return mapping;
}

/** What the file's first rows would become. */
function analyze(source: Source, mapping: Mapping, actor: Actor) {
  const { country, currency, time_zone: timeZone } = actor.organization;
  const read = leadReader({ mapping, terms: source.terms, country, currency, timeZone });
  const width = Math.max(0, ...source.columns.map(({ index }) => index)) + 1;
  const errors: ({ row: number } & CellError)[] = [];
  const good: { row: number; lead: LeadRow }[] = [];
  const rows = rowsOfPiece(source.piece, { ...source, width }).slice(0, maxRows);
  for (const { row, cells } of rows) {
    const { row: lead, errors: found } = read(cells);
    if (found.length === 0) good.push({ row, lead });
    for (const error of found) if (errors.length <= maxErrors) errors.push({ row, ...error });
  }
  const repeated = repetitions(good)
    .map((repetition, index) => repetition && { row: good[index]?.row ?? 0, ...repetition })
    .filter((repetition) => repetition !== null);
  return { analyzed: rows.length, errors, good, repeated };
}

async function preview(db: Client, actor: Actor, { source, mapping: text }: Form) {
  if ("replayed" in source) return source.replayed;
  const suggested = suggestMapping(source.columns, source.terms);
  const mapping = wantedMapping(text, source, suggested);
  const { analyzed, errors, good, repeated } = analyze(source, mapping, actor);
  return unwrap(
    await db.rpc("preview_lead_upload", {
      organization_id: actor.organizationId,
      upload_id: source.uploadId,
      file: source.isNew
        ? {
          delimiter: source.delimiter,
          header_row: source.headerRow,
          columns: source.columns,
          total_rows: source.totalRows,
        }
        : null,
      contacts: good.map(({ row, lead: { phone = null, email = null } }) => ({
        row,
        phone,
        email,
      })),
      answer: {
        upload_id: source.uploadId,
        file_name: source.fileName,
        columns: source.columns,
        mapping,
        suggested_mapping: suggested,
        total_rows: source.totalRows,
        analyzed_rows: analyzed,
        preview: good.slice(0, shown).map(({ row, lead }) => ({ row, ...lead })),
        errors: errors.slice(0, maxErrors).map((error) => ({ ...error })),
        errors_truncated: errors.length > maxErrors,
        duplicates: {
          in_file: repeated.length,
          rows: repeated.slice(0, shown).map(({ row, field, firstRow }) => ({
            row,
            field,
            in: "file",
            first_row: firstRow,
            lead_id: null,
          })),
        },
      },
    }),
    "upload",
  );
}

export function previewLeadImport(app: App) {
  app.openapi(route, async (c) => {
    const { actor, db } = c.var;
    // With an Idempotency-Key the body was read already, for its fingerprint.
    const request = c.req.raw.bodyUsed
      ? new Request(c.req.url, {
        method: "POST",
        headers: c.req.raw.headers,
        body: await c.req.arrayBuffer(),
      })
      : c.req.raw;
    const form = await readForm(db, actor.organizationId, request);
    try {
      return c.json(Preview.parse(await preview(db, actor, form)), 201);
    } catch (error) {
      // A file that came with a mapping it does not fit is sent again with another one.
      if (error instanceof Problem && "isNew" in form.source && form.source.isNew) {
        await db.rpc("discard_lead_upload", {
          organization_id: actor.organizationId,
          upload_id: form.source.uploadId,
        });
      }
      throw error;
    }
  });
}
