import type { Actor } from "../actor.ts";
import type { Client } from "../clients.ts";
import type { Json } from "../database.types.ts";
import { unwrap } from "../problem.ts";
import { hiddenRowsWarning } from "../sheet/row_warnings.ts";
import type { Mapping } from "./columns.ts";
import type { FileKind } from "./kind.ts";
import { rowsOfPiece } from "./piece.ts";
import type { CellError } from "./row.ts";
import type { Source } from "./source.ts";

const maxRows = 2_000;
const maxErrors = 1_000;
const shown = 20;

type RowMessage = { row: number } & CellError;

function capped(list: readonly RowMessage[]) {
  return {
    list: list.slice(0, maxErrors).map((entry) => ({ ...entry })),
    isTruncated: list.length > maxErrors,
  };
}

/** The result that the file's first rows would have. */
function analyze<T extends object, R extends object>(
  kind: FileKind<T, R>,
  source: Source<T>,
  mapping: Mapping,
  { organization: { country, currency, time_zone: timeZone } }: Actor,
) {
  const read = kind.reader({ mapping, terms: source.terms, country, currency, timeZone });
  const errors: RowMessage[] = [];
  const warnings: RowMessage[] = [];
  const hidden = hiddenRowsWarning(source.hiddenRows);
  if (hidden !== null) warnings.push({ ...hidden, field: "", value: null });
  const valid: { row: number; record: R }[] = [];
  const rows = rowsOfPiece(source.piece, source.form).slice(0, maxRows);
  for (const fileRow of rows) {
    const { row } = fileRow;
    const reading = read(fileRow);
    if (reading.errors.length === 0) {
      valid.push({ row, record: reading.record });
      for (const warning of reading.warnings) warnings.push({ row, ...warning });
    }
    for (const error of reading.errors) errors.push({ row, ...error });
  }
  const message = kind.warning?.(valid.map(({ record }) => record)) ?? null;
  if (message !== null) {
    warnings.unshift({ row: source.form.headerRow, field: "", value: null, message });
  }
  const repeats = kind.repeats(valid)
    .map((repeat, index) => repeat && { row: valid[index]?.row ?? 0, ...repeat })
    .filter((repeat) => repeat !== null && !repeat.isOwn);
  return {
    analyzed: rows.length,
    errors: capped(errors),
    warnings: capped(warnings),
    valid,
    repeats: repeats.filter((repeat) => repeat !== null),
  };
}

function answerOf<T extends object, R extends object>(
  kind: FileKind<T, R>,
  source: Source<T>,
  { mapping, suggested }: { mapping: Mapping; suggested: Mapping },
  actor: Actor,
): { contacts: Json; answer: Json } {
  const { analyzed, errors, warnings, valid, repeats } = analyze(kind, source, mapping, actor);
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
    // Parsed from texts, so this is JSON.
    preview: valid.slice(0, shown).map(({ row, record }) => ({ row, ...record })) as Json,
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
        [kind.idField]: null,
      })),
    },
  };
  return { contacts: valid.map(({ row, record }) => ({ row, ...kind.keys(record) })), answer };
}

/** Completes a new upload and answers its preview, with the records that the organization has already. */
export async function preview<T extends object, R extends object>(
  db: Client,
  kind: FileKind<T, R>,
  actor: Actor,
  source: Source<T>,
  mappings: { mapping: Mapping; suggested: Mapping },
) {
  const { form } = source;
  return unwrap(
    await db.rpc("preview_lead_upload", {
      organization_id: actor.organizationId,
      upload_id: source.uploadId,
      kind: kind.name,
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
      ...answerOf(kind, source, mappings, actor),
    }),
    "upload",
  );
}
