import { z } from "../zod.ts";
import type { Client } from "../clients.ts";
import type { FileForm } from "./piece.ts";
import { Column } from "./columns.ts";
import type { FileKind } from "./kind.ts";
import { fieldText, formParts } from "../multipart.ts";
import { invalidFields, unwrap } from "../problem.ts";
import { parseHeaderRow } from "../sheet/form_fields.ts";
import { type ReceivedFile, receiveFile } from "./upload.ts";

type FileKindOf<T extends object> = Pick<
  FileKind<T, object>,
  "name" | "terms" | "fields" | "pieceRows"
>;

/** An uploaded file, from this request or stored earlier. */
export type Source<T> =
  & Pick<
    ReceivedFile<T>,
    "uploadId" | "fileName" | "terms" | "columns" | "totalRows" | "hiddenRows"
  >
  & { form: FileForm; piece: { content: string; first_row: number }; isNew: boolean };

const StoredUpload = z.object({
  file_name: z.string(),
  delimiter: z.string(),
  header_row: z.int(),
  width: z.int(),
  named: z.int(),
  is_unicode: z.boolean(),
  hidden_rows: z.array(z.int()),
  columns: z.array(Column),
  total_rows: z.int(),
  pieces: z.array(z.object({ first_row: z.int(), content: z.string() })),
});
const Replayed = z.object({ replayed: z.unknown() }).strict();

/** The form of a preview; for a repeated Idempotency-Key the stored answer. */
export interface Form<T> {
  source: Source<T> | { replayed: unknown };
  mapping: string | undefined;
}

/** Reads the form as a stream: a file is stored in the database piece by piece. */
export async function readForm<T extends object>(
  db: Client,
  kind: FileKindOf<T>,
  { organizationId, organization }: { organizationId: string; organization: { currency: string } },
  request: Request,
): Promise<Form<T>> {
  let source: Form<T>["source"] | undefined;
  let mapping: string | undefined;
  let uploadId: string | undefined;
  let headerRow: number | null = null;
  for await (const part of formParts(request.body, request.headers.get("content-type") ?? "")) {
    if (part.name === "mapping") mapping = await fieldText(part);
    else if (part.name === "upload_id") uploadId = await fieldText(part);
    else if (part.name === "header_row") {
      headerRow = parseHeaderRow(await fieldText(part));
      if (headerRow !== null && source !== undefined) throw headerRowTooLate();
    } else if (part.name === "file" && part.fileName !== null && source === undefined) {
      const file = { name: part.fileName, content: part.content };
      const options = { currency: organization.currency, headerRow };
      const received = await receiveFile(db, kind, organizationId, file, options);
      source = "replayed" in received
        ? received
        : { ...received, piece: received.first, isNew: true };
    }
  }
  if (source === undefined && headerRow !== null && uploadId !== undefined) {
    throw headerRowTooLate();
  }
  source ??= await storedSource(db, kind, organizationId, uploadId);
  return { source, mapping };
}

const headerRowTooLate = () =>
  invalidFields([{ path: "header_row", message: "must come before the file, and with a file" }]);

async function storedSource<T extends object>(
  db: Client,
  { name, terms }: FileKindOf<T>,
  organizationId: string,
  uploadId: string | undefined,
): Promise<Form<T>["source"]> {
  if (!z.uuid().safeParse(uploadId).success || uploadId === undefined) {
    throw invalidFields([{ path: "file", message: "Send the file as multipart field `file`." }]);
  }
  const answer = unwrap(
    await db.rpc("read_lead_upload", {
      organization_id: organizationId,
      upload_id: uploadId,
      with_piece: true,
      kind: name,
    }),
    "upload",
  );
  const replayed = Replayed.safeParse(answer);
  if (replayed.success) return replayed.data;
  const stored = StoredUpload.parse(answer);
  return {
    uploadId,
    fileName: stored.file_name,
    terms: terms.parse(answer),
    totalRows: stored.total_rows,
    columns: stored.columns,
    hiddenRows: stored.hidden_rows,
    form: {
      delimiter: stored.delimiter,
      headerRow: stored.header_row,
      width: stored.width,
      named: stored.named,
      isUnicode: stored.is_unicode,
    },
    piece: stored.pieces[0] ?? { first_row: 1, content: "" },
    isNew: false,
  };
}
