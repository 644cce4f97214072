import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import type { Actor } from "../_shared/actor.ts";
import type { Client } from "../_shared/clients.ts";
import { resolveMapping, suggestMapping } from "../_shared/lead_import/mapping.ts";
import { findRepeats, rowsOfPiece } from "../_shared/lead_import/piece.ts";
import { type CellError, leadReader, type LeadRow } from "../_shared/lead_import/row.ts";
import type { Mapping } from "../_shared/lead_import/terms.ts";
import { invalidFields, Problem, problems, unwrap } from "../_shared/problem.ts";
import { rateLimited } from "../_shared/rate_limit.ts";
import { guarded, IdempotencyHeader, json, permitted } from "../_shared/route.ts";
import { Preview, RequestedMapping } from "./import/schemas.ts";
import { type Form, readForm, type Source } from "./import/source.ts";

const maxRows = 2_000;
const maxErrors = 1_000;
const shown = 20;

const route = createRoute({
  method: "post",
  path: "/import/preview",
  operationId: "previewLeadImport",
  tags: ["leads"],
  summary: "Upload a file of leads and preview its import",
  description:
    "A .csv file of up to 50 MB, or an .xlsx or .xls workbook of up to 10 MB. It is stored under upload_id for " +
    "24 hours; with `upload_id` instead of `file` it is previewed again with another mapping. `row` is the sheet's row number.",
  ...permitted("leads:import", rateLimited("upload")),
  request: {
    headers: IdempotencyHeader,
    body: {
      required: true,
      content: {
        // A plain schema: the form is streamed and not parsed by the router.
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

function requestedMapping(text: string | undefined, source: Source, suggested: Mapping): Mapping {
  if (text === undefined || text.trim() === "") return suggested;
  let requested: unknown;
  try {
    requested = JSON.parse(text);
  } catch {
    throw invalidFields([{ path: "mapping", message: "is not JSON" }]);
  }
  const parsed = RequestedMapping.safeParse(requested);
  if (!parsed.success) {
    throw invalidFields([{ path: "mapping", message: "is not an object of columns and fields" }]);
  }
  const { mapping, errors } = resolveMapping(parsed.data, source.columns, source.terms);
  if (errors.length > 0) throw invalidFields(errors.slice(0, 100));
  return mapping;
}

/** The result that the file's first rows would have. */
function analyze(source: Source, mapping: Mapping, actor: Actor) {
  const { country, currency, time_zone: timeZone } = actor.organization;
  const read = leadReader({ mapping, terms: source.terms, country, currency, timeZone });
  const width = Math.max(0, ...source.columns.map(({ index }) => index)) + 1;
  const errors: ({ row: number } & CellError)[] = [];
  const valid: { row: number; lead: LeadRow }[] = [];
  const rows = rowsOfPiece(source.piece, { ...source, width }).slice(0, maxRows);
  for (const { row, cells } of rows) {
    const { row: lead, errors: rowErrors } = read(cells);
    if (rowErrors.length === 0) valid.push({ row, lead });
    for (const error of rowErrors) if (errors.length <= maxErrors) errors.push({ row, ...error });
  }
  const repeats = findRepeats(valid)
    .map((repeat, index) => repeat && { row: valid[index]?.row ?? 0, ...repeat })
    .filter((repeat) => repeat !== null);
  return { analyzed: rows.length, errors, valid, repeats };
}

async function preview(db: Client, actor: Actor, { source, mapping: text }: Form) {
  if ("replayed" in source) return source.replayed;
  const suggested = suggestMapping(source.columns, source.terms);
  const mapping = requestedMapping(text, source, suggested);
  const { analyzed, errors, valid, repeats } = analyze(source, mapping, actor);
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
      contacts: valid.map(({ row, lead: { phone = null, email = null } }) => ({
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
        preview: valid.slice(0, shown).map(({ row, lead }) => ({ row, ...lead })),
        errors: errors.slice(0, maxErrors).map((error) => ({ ...error })),
        errors_truncated: errors.length > maxErrors,
        duplicates: {
          in_file: repeats.length,
          rows: repeats.slice(0, shown).map(({ row, field, firstRow }) => ({
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
    // With an Idempotency-Key the body was already read for its fingerprint.
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
      // A file with an invalid mapping is discarded; the client sends it again with another mapping.
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
