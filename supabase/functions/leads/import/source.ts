import { z } from "../../_shared/zod.ts";
import type { Client } from "../../_shared/clients.ts";
import { Column, Terms } from "../../_shared/lead_import/terms.ts";
import { invalidFields, unwrap } from "../../_shared/problem.ts";
import { fieldText, formParts } from "../../_shared/multipart.ts";
import { type ReceivedFile, receiveFile } from "./upload.ts";

/** An uploaded file, from this request or stored earlier. */
export type Source = Pick<ReceivedFile, "uploadId" | "fileName" | "terms" | "totalRows"> & {
  columns: Column[];
  delimiter: string;
  headerRow: number;
  piece: { content: string; first_row: number };
  isNew: boolean;
};

const StoredUpload = Terms.extend({
  file_name: z.string(),
  delimiter: z.string(),
  header_row: z.int(),
  columns: z.array(Column),
  total_rows: z.int(),
  pieces: z.array(z.object({ first_row: z.int(), content: z.string() })),
});
const Replayed = z.object({ replayed: z.unknown() }).strict();

/** The form of a preview; for a repeated Idempotency-Key the stored answer. */
export interface Form {
  source: Source | { replayed: unknown };
  mapping: string | undefined;
}

/** Reads the form as a stream: a file is stored in the database piece by piece. */
export async function readForm(
  db: Client,
  organizationId: string,
  request: Request,
): Promise<Form> {
  let source: Form["source"] | undefined;
  let mapping: string | undefined;
  let uploadId: string | undefined;
  for await (const part of formParts(request.body, request.headers.get("content-type") ?? "")) {
    if (part.name === "mapping") mapping = await fieldText(part);
    else if (part.name === "upload_id") uploadId = await fieldText(part);
    else if (part.name === "file" && part.fileName !== null && source === undefined) {
      const file = await receiveFile(db, organizationId, part);
      source = "replayed" in file ? file : {
        ...file,
        columns: file.form.columns,
        delimiter: file.form.delimiter,
        headerRow: file.form.headerRow,
        piece: file.first,
        isNew: true,
      };
    }
  }
  source ??= await storedSource(db, organizationId, uploadId);
  return { source, mapping };
}

async function storedSource(
  db: Client,
  organizationId: string,
  uploadId: string | undefined,
): Promise<Form["source"]> {
  if (!z.uuid().safeParse(uploadId).success || uploadId === undefined) {
    throw invalidFields([{ path: "file", message: "Send the file as multipart field `file`." }]);
  }
  const answer = unwrap(
    await db.rpc("read_lead_upload", {
      organization_id: organizationId,
      upload_id: uploadId,
      with_piece: true,
    }),
    "upload",
  );
  const replayed = Replayed.safeParse(answer);
  if (replayed.success) return replayed.data;
  const stored = StoredUpload.parse(answer);
  return {
    uploadId,
    fileName: stored.file_name,
    terms: { fields: stored.fields, stages: stored.stages },
    totalRows: stored.total_rows,
    columns: stored.columns,
    delimiter: stored.delimiter,
    headerRow: stored.header_row,
    piece: stored.pieces[0] ?? { first_row: 1, content: "" },
    isNew: false,
  };
}
