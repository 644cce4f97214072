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
import { parseMapping } from "../_shared/sheet/form_fields.ts";
import { HEADER_ROWS } from "../_shared/sheet/limits.ts";
import { hiddenRowsWarning } from "../_shared/sheet/row_warnings.ts";
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
    "A .csv file of up to 50 MB, or an .xlsx or .xls workbook of up to 10 MB. It is stored under upload_id for 24 " +
    "hours; with `upload_id` instead of `file` it is previewed again with another mapping. `row` is the sheet's row " +
    "number. The header is found in the first rows; `header_row`, before `file` in the form, gives its number. A " +
    "person's oldest waiting files are deleted when there are too many.",
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
              header_row: { type: "integer", minimum: 1, maximum: HEADER_ROWS },
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
  const requested = parseMapping(text ?? "", RequestedMapping);
  if (requested === null) return suggested;
  const { mapping, errors } = resolveMapping(requested, source.columns, source.terms);
  if (errors.length > 0) throw invalidFields(errors.slice(0, 100));
  return mapping;
}

type RowMessage = { row: number } & CellError;

function capped(list: readonly RowMessage[]) {
  return {
    list: list.slice(0, maxErrors).map((entry) => ({ ...entry })),
    isTruncated: list.length > maxErrors,
  };
}

/** The result that the file's first rows would have. */
function analyze(source: Source, mapping: Mapping, actor: Actor) {
  const { country, currency, time_zone: timeZone } = actor.organization;
  const read = leadReader({ mapping, terms: source.terms, country, currency, timeZone });
  const errors: RowMessage[] = [];
  const warnings: RowMessage[] = [];
  const hidden = hiddenRowsWarning(source.hiddenRows);
  if (hidden !== null) warnings.push({ ...hidden, field: "", value: null });
  const valid: { row: number; lead: LeadRow }[] = [];
  const rows = rowsOfPiece(source.piece, source.form).slice(0, maxRows);
  for (const fileRow of rows) {
    const { row } = fileRow;
    const reading = read(fileRow);
    if (reading.errors.length === 0) {
      valid.push({ row, lead: reading.lead });
      for (const warning of reading.warnings) warnings.push({ row, ...warning });
    }
    for (const error of reading.errors) errors.push({ row, ...error });
  }
  const repeats = findRepeats(valid)
    .map((repeat, index) => repeat && { row: valid[index]?.row ?? 0, ...repeat })
    .filter((repeat) => repeat !== null);
  return {
    analyzed: rows.length,
    errors: capped(errors),
    warnings: capped(warnings),
    valid,
    repeats,
  };
}

function answerOf(source: Source, mapping: Mapping, suggested: Mapping, actor: Actor) {
  const { analyzed, errors, warnings, valid, repeats } = analyze(source, mapping, actor);
  const contacts = valid.map(({ row, lead: { phone = null, email = null } }) => ({
    row,
    phone,
    email,
  }));
  const answer = {
    upload_id: source.uploadId,
    file_name: source.fileName,
    header_row: source.form.headerRow,
    columns: source.columns,
    mapping,
    suggested_mapping: suggested,
    total_rows: source.totalRows,
    hidden_rows: source.hiddenRows.length,
    analyzed_rows: analyzed,
    preview: valid.slice(0, shown).map(({ row, lead }) => ({ row, ...lead })),
    errors: errors.list,
    errors_truncated: errors.isTruncated,
    warnings: warnings.list,
    warnings_truncated: warnings.isTruncated,
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
  };
  return { contacts, answer };
}

async function preview(db: Client, actor: Actor, { source, mapping: text }: Form) {
  if ("replayed" in source) return source.replayed;
  const suggested = suggestMapping(source.columns, source.terms, actor.organization.currency);
  const mapping = requestedMapping(text, source, suggested);
  const { form } = source;
  return unwrap(
    await db.rpc("preview_lead_upload", {
      organization_id: actor.organizationId,
      upload_id: source.uploadId,
      file: source.isNew
        ? {
          delimiter: form.delimiter,
          header_row: form.headerRow,
          width: form.width,
          named: form.named,
          is_unicode: form.isUnicode,
          hidden_rows: source.hiddenRows,
          columns: source.columns,
          total_rows: source.totalRows,
        }
        : null,
      ...answerOf(source, mapping, suggested, actor),
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
    const form = await readForm(db, actor, request);
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
