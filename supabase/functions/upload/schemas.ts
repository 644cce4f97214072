import { z } from "../_shared/zod.ts";
import { Id, isoTime, Money, Phone, Timestamp } from "../_shared/fields.ts";

const Status = z.enum(["connected", "disconnected", "warned"]);
export const BatchAction = z.enum(["connect", "disconnect", "warn"]);

/** A customer as read from a sheet, with its row number. */
export const ReadRow = z.object({
  row: z.int().openapi({ description: "The sheet's own row number", example: 5 }),
  name: z.string(),
  account_number: z.string(),
  phone: Phone,
  arrears: Money,
  status: Status.nullable(),
}).openapi("UploadRow");

const RowMessages = z.array(z.object({
  row: z.int(),
  field: z.string().openapi({ description: "Empty for the row as a whole" }),
  value: z.string().nullable(),
  message: z.string(),
}));

export const Upload = z.object({
  upload_id: Id,
  file_name: z.string().openapi({ example: "arrears november.xlsx" }),
  total_rows: z.int(),
  valid_rows: z.int(),
  invalid_rows: z.int(),
  duplicate_rows: z.int(),
  header_row: z.int().openapi({ description: "Row number of the header", example: 1 }),
  hidden_rows: z.int().openapi({
    description: "Rows that are hidden in the workbook, for example by a filter; they are read too",
    example: 0,
  }),
  columns: z.record(z.string(), z.string()).openapi({
    description: "Header of the column of each field",
    example: { name: "Customer Name", account_number: "Acc No" },
  }),
  preview: z.array(ReadRow),
  errors: RowMessages.openapi({ description: "Rows with errors are not stored" }),
  errors_truncated: z.boolean(),
  warnings: RowMessages.openapi({
    description: "Rows with warnings only are stored, for example with an empty amount as 0.00",
  }),
  warnings_truncated: z.boolean(),
}).openapi("Upload");

/** Customers from a frontend that parsed the sheet itself. Each is validated separately, so the schema is loose. */
export const LooseCustomers = z.array(z.record(z.string(), z.unknown())).min(1).max(10_000).openapi(
  {
    example: [{
      name: "Ama Mensah",
      account_number: "00412-7",
      phone: "0244123456",
      arrears: "1,234.50",
    }],
  },
);

export const BatchResult = z.object({
  batch_id: Id,
  created: z.int(),
  updated: z.int(),
  unchanged: z.int(),
  actions: z.int(),
  messages_queued: z.int(),
  skipped: z.array(z.object({ row: z.int(), reason: z.string() })),
}).openapi("BatchResult");

export const Batch = z.object({
  id: Id,
  upload_id: Id.nullable(),
  file_name: z.string().nullable(),
  action: BatchAction.nullable(),
  send_sms: z.boolean(),
  counts: z.record(z.string(), z.number()).openapi({ example: { created: 10, actions: 10 } }),
  created_by: Id.nullable(),
  created_by_name: z.string().nullable(),
  created_at: Timestamp,
}).openapi("Batch");

const BatchRow = Batch.extend({ created_at: z.string() });

/** A database row as the API's batch. */
export function toBatch(row: unknown): z.infer<typeof Batch> {
  const batch = BatchRow.parse(row);
  return { ...batch, created_at: isoTime(batch.created_at) };
}
