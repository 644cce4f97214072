import { z } from "../../_shared/zod.ts";
import type { Client } from "../../_shared/clients.ts";
import { cleanText } from "../../_shared/clean_text.ts";
import { rowsOfPiece } from "../../_shared/lead_import/piece.ts";
import { Terms } from "../../_shared/lead_import/terms.ts";
import { ensure, Problem, problemStatus, unwrap } from "../../_shared/problem.ts";
import { SheetError } from "../../_shared/sheet/error.ts";
import { fileKind } from "../../_shared/sheet/file_kind.ts";
import { headerKey } from "../../_shared/sheet/header_key.ts";
import type { FormPart } from "../../_shared/multipart.ts";
import { type Piece, Splitter } from "./splitter.ts";
import { type TableForm, tableForm } from "./table.ts";
import { textPieces } from "./text.ts";
import { collect, csvOfWorkbook } from "./workbook.ts";

/** The largest CSV file, in bytes. */
export const maxFileBytes = 50 * 1024 * 1024;

const sampleLength = 256 * 1024;
/** Characters sent to the database in one call. */
const batchLength = 1024 * 1024;

/** A file stored in the database, with its first piece. */
export interface ReceivedFile {
  uploadId: string;
  fileName: string;
  form: TableForm;
  terms: Terms;
  totalRows: number;
  first: Piece;
}

const Begun = z.union([
  z.object({ replayed: z.unknown() }).strict(),
  Terms.extend({ upload_id: z.string() }),
]);

async function* bounded(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const piece of content) {
    size += piece.length;
    if (size > maxFileBytes) {
      const max = maxFileBytes >> 20;
      throw new SheetError(
        "file_too_large",
        `The file is larger than ${max} MB. Split it and send the parts.`,
      );
    }
    yield piece;
  }
}

/** The text of a CSV file or a workbook, distinguished by its first bytes. */
async function* textOf(
  content: AsyncIterable<Uint8Array>,
  isOwnField: (header: string) => boolean,
): AsyncGenerator<string> {
  const source = bounded(content);
  let start = new Uint8Array();
  while (start.length < 8) {
    const { done, value } = await source.next();
    if (done) break;
    const joined: Uint8Array<ArrayBuffer> = new Uint8Array(start.length + value.length);
    joined.set(start);
    joined.set(value, start.length);
    start = joined;
  }
  async function* whole() {
    if (start.length > 0) yield start;
    yield* source;
  }
  const kind = fileKind(start);
  if (kind === "csv") yield* textPieces(whole());
  else yield await csvOfWorkbook(await collect(whole()), kind, isOwnField);
}

/** Cuts the text into pieces and stores them in batches, so that at most one batch is in memory. */
async function store(
  text: AsyncIterable<string>,
  isOwnField: (header: string) => boolean,
  keep: (pieces: Piece[]) => Promise<void>,
): Promise<Pick<ReceivedFile, "form" | "totalRows" | "first">> {
  let head = "";
  let form: TableForm | undefined;
  let splitter: Splitter | undefined;
  let first: Piece | undefined;
  let batch: Piece[] = [];
  let length = 0;
  const take = async (piece: string, last: boolean): Promise<void> => {
    if (splitter === undefined) {
      head += piece;
      if (!last && head.length < sampleLength) return;
      form = tableForm(head, isOwnField);
      splitter = new Splitter(form.delimiter);
      piece = head.slice(form.skip);
      head = "";
    }
    for (const cut of splitter.add(piece, last)) {
      first ??= cut;
      batch.push(cut);
      length += cut.content.length;
      if (length < batchLength) continue;
      await keep(batch);
      batch = [];
      length = 0;
    }
  };
  for await (const piece of text) await take(piece, false);
  await take("", true);
  if (batch.length > 0) await keep(batch);
  const done: { form?: TableForm | undefined; splitter?: Splitter | undefined } = {
    form,
    splitter,
  };
  if (done.form === undefined || done.splitter === undefined || first === undefined) {
    throw new SheetError("file_empty", "The file is empty.");
  }
  const { delimiter, headerRow } = done.form;
  const above = rowsOfPiece(first, { delimiter, headerRow: 0, width: 1 })
    .filter(({ row }) => row <= headerRow).length;
  const totalRows = done.splitter.totalRows - above;
  if (totalRows <= 0) {
    throw new SheetError("no_rows", "There are column names, but no rows below them.");
  }
  return { form: done.form, totalRows, first };
}

/**
 * Streams a file into the database.
 * @returns the file, or the stored answer for a repeated Idempotency-Key.
 * @throws Problem for a file that cannot be read; it is discarded.
 */
export async function receiveFile(
  db: Client,
  organizationId: string,
  part: FormPart,
): Promise<ReceivedFile | { replayed: unknown }> {
  const fileName = cleanText(part.fileName ?? "").slice(0, 255).toWellFormed() || "upload";
  const begun = Begun.parse(unwrap(
    await db.rpc("begin_lead_upload", { organization_id: organizationId, file_name: fileName }),
  ));
  if ("replayed" in begun) return begun;
  const { upload_id, ...terms } = begun;
  const upload = { organization_id: organizationId, upload_id };
  const own = new Set(terms.fields.flatMap(({ key, label }) => [headerKey(key), headerKey(label)]));
  const isOwnField = (header: string) => own.has(headerKey(header));
  try {
    const stored = await store(textOf(part.content, isOwnField), isOwnField, async (pieces) => {
      ensure(
        await db.rpc("add_lead_upload_pieces", {
          ...upload,
          pieces: pieces.map(({ position, first_row, content }) => ({
            position,
            first_row,
            content,
          })),
        }),
      );
    });
    return { uploadId: upload_id, fileName, terms, ...stored };
  } catch (error) {
    await db.rpc("discard_lead_upload", upload);
    if (error instanceof SheetError) {
      throw new Problem(problemStatus(error.status), error.code, error.message);
    }
    throw error;
  }
}
