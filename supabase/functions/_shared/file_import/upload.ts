import { z } from "../zod.ts";
import type { Client } from "../clients.ts";
import { cleanText } from "../clean_text.ts";
import { type FileForm, rowsOfPiece } from "./piece.ts";
import type { Column } from "./columns.ts";
import { ensure, Problem, problemStatus, unwrap } from "../problem.ts";
import { csvForm } from "../sheet/csv_form.ts";
import { SheetError } from "../sheet/error.ts";
import { fileKind } from "../sheet/file_kind.ts";
import { type Header, HeaderSearch } from "../sheet/header.ts";
import { fileText } from "../sheet/text_file.ts";
import { FileHeaderRules } from "./header.ts";
import type { FileKind } from "./kind.ts";
import { type Piece, Splitter } from "./splitter.ts";
import { collect, csvOfWorkbook } from "./workbook.ts";

/** The largest CSV file, in bytes. */
export const maxFileBytes = 50 * 1024 * 1024;

const sampleLength = 256 * 1024;
/** Characters sent to the database in one call. */
const batchLength = 1024 * 1024;
const longestSample = 200;

/** A file stored in the database, with its first piece. */
export interface ReceivedFile<T> {
  uploadId: string;
  fileName: string;
  form: FileForm;
  columns: Column[];
  terms: T;
  totalRows: number;
  hiddenRows: number[];
  first: Piece;
}

type Stored = Pick<ReceivedFile<unknown>, "form" | "columns" | "totalRows" | "first">;

/** What a client says about the file it sends. */
export interface FileOptions {
  currency: string;
  /** The row number of the header, or null to find it. */
  headerRow: number | null;
}

const Replayed = z.object({ replayed: z.unknown() }).strict();
const Begun = z.object({ upload_id: z.string() });

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

/** The text of a file as a stream; for a workbook with the header, which is known already. */
interface TextSource {
  pieces: AsyncIterable<string>;
  header: Header | null;
  hiddenRows: number[];
  isUnicode(): boolean;
}

async function* single(text: string): AsyncGenerator<string> {
  yield text;
}

/** The text of a CSV file or a workbook, distinguished by its first bytes. */
async function textOf(
  content: AsyncIterable<Uint8Array>,
  search: HeaderSearch,
): Promise<TextSource> {
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
  if (kind === "csv") {
    return { ...fileText(whole()), header: null, hiddenRows: [] };
  }
  const { text, header, hiddenRows } = await csvOfWorkbook(await collect(whole()), kind, search);
  return { pieces: single(text), header, hiddenRows, isUnicode: () => true };
}

/** The splitter of a file, and the columns of its header. */
interface Opened {
  splitter: Splitter;
  delimiter: string;
  skip: number;
  header: Header;
}

function open(
  head: string,
  known: Header | null,
  newSearch: () => HeaderSearch,
  pieceRows: number,
): Opened {
  const { delimiter, skip, header } = known === null
    ? csvForm(head, newSearch)
    : { delimiter: ",", skip: 0, header: known };
  return { splitter: new Splitter(delimiter, pieceRows), delimiter, skip, header };
}

/** Cuts the text into pieces and stores them in batches, so that at most one batch is in memory. */
async function store(
  source: TextSource,
  newSearch: () => HeaderSearch,
  pieceRows: number,
  keep: (pieces: Piece[]) => Promise<void>,
): Promise<Stored> {
  let head = "";
  let opened: Opened | undefined;
  let first: Piece | undefined;
  let batch: Piece[] = [];
  let length = 0;
  const take = async (piece: string, last: boolean): Promise<Opened | undefined> => {
    if (opened === undefined) {
      head += piece;
      if (!last && head.length < sampleLength) return undefined;
      opened = open(head, source.header, newSearch, pieceRows);
      piece = head.slice(opened.skip);
      head = "";
    }
    for (const cut of opened.splitter.add(piece, last)) {
      first ??= cut;
      batch.push(cut);
      length += cut.content.length;
      if (length < batchLength) continue;
      await keep(batch);
      batch = [];
      length = 0;
    }
    return opened;
  };
  for await (const piece of source.pieces) await take(piece, false);
  const done = await take("", true);
  if (batch.length > 0) await keep(batch);
  if (done === undefined || first === undefined) {
    throw new SheetError("file_empty", "The file is empty.");
  }
  return described(done, first, source.isUnicode());
}

function described(
  { splitter, delimiter, header }: Opened,
  first: Piece,
  isUnicode: boolean,
): Stored {
  const { row: headerRow, width, named } = header;
  const form = { delimiter, headerRow, width, named, isUnicode };
  const above = rowsOfPiece(first, { ...form, headerRow: 0 })
    .filter(({ row }) => row <= headerRow).length;
  const totalRows = splitter.totalRows - above;
  if (totalRows <= 0) {
    throw new SheetError("no_rows", "There are column names, but no rows below them.");
  }
  const [sample] = rowsOfPiece(first, form);
  const columns = header.columns.map(({ index, name }) => ({
    index,
    name,
    sample: sample?.cells[index]?.trim().slice(0, longestSample).toWellFormed() || null,
  }));
  return { form, columns, totalRows, first };
}

/**
 * Streams a file into the database.
 * @returns the file, or the stored answer for a repeated Idempotency-Key.
 * @throws Problem for a file that cannot be read; it is discarded.
 */
export async function receiveFile<T extends object>(
  db: Client,
  kind: Pick<FileKind<T, object>, "name" | "terms" | "fields" | "pieceRows">,
  organizationId: string,
  file: { name: string | null; content: AsyncIterable<Uint8Array> },
  { currency, headerRow }: FileOptions,
): Promise<ReceivedFile<T> | { replayed: unknown }> {
  const fileName = cleanText(file.name ?? "").slice(0, 255).toWellFormed() || "upload";
  const begun = unwrap(
    await db.rpc("begin_lead_upload", {
      organization_id: organizationId,
      file_name: fileName,
      kind: kind.name,
    }),
  );
  const replayed = Replayed.safeParse(begun);
  if (replayed.success) return { replayed: replayed.data.replayed };
  const { upload_id } = Begun.parse(begun);
  const terms = kind.terms.parse(begun);
  const upload = { organization_id: organizationId, upload_id, kind: kind.name };
  const rules = new FileHeaderRules(kind.fields(terms, currency), headerRow !== null);
  const newSearch = () => new HeaderSearch(rules, headerRow);
  try {
    const source = await textOf(file.content, newSearch());
    const stored = await store(source, newSearch, kind.pieceRows, async (pieces) => {
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
    return { uploadId: upload_id, fileName, terms, hiddenRows: source.hiddenRows, ...stored };
  } catch (error) {
    await db.rpc("discard_lead_upload", upload);
    if (error instanceof SheetError) {
      throw new Problem(problemStatus(error.status), error.code, error.message);
    }
    throw error;
  }
}
