import { meansNothing } from "../cell.ts";
import type { RowContext } from "../file_import/kind.ts";
import type { FileRow } from "../file_import/piece.ts";
import { type CellError, type Reading, rowReader } from "../file_import/row.ts";
import { clientFieldReader } from "./readers.ts";
import type { ClientTerms } from "./terms.ts";

/** The fields of a client that a row has, and what it says about its service. */
export interface ClientRow {
  name?: string;
  external_id?: string;
  segment?: string;
  client_type?: string;
  region?: string;
  category?: string;
  account_number?: string;
  phone?: string;
  email?: string;
  contract_ends_on?: string;
  stated_risk?: string;
  since?: string;
  churned_on?: string;
  churn_reason?: string;
  mrr?: string;
  interval?: string;
  currency?: string;
  status?: string;
  trial?: boolean;
  custom_fields?: Record<string, string>;
  contact_name?: string;
  contact_role?: string;
  contact_email?: string;
  contact_phone?: string;
}

const error = (field: string, value: string | null, message: string): CellError => ({
  field,
  value,
  message,
});

/** What the cells of a row say together. */
function contradictions(row: ClientRow): CellError[] {
  const { name, since, churned_on, status } = row;
  const found: CellError[] = [];
  if (!name) found.push(error("name", null, "The row has no name."));
  if (since !== undefined && churned_on !== undefined && churned_on <= since) {
    found.push(error("churned_on", churned_on, "The client left before its first day, or on it."));
  }
  if (status === "left" && churned_on === undefined) {
    found.push(error("churned_on", null, "The client has left; the day is missing."));
  }
  if (status === "active" && churned_on !== undefined) {
    found.push(error("status", status, "The client is active and has a day on which it left."));
  }
  return found;
}

// A client without these is a client all the same.
const OPTIONAL = new Set(["phone", "email", "contact_phone", "contact_email", "stated_risk"]);

/** Parses the rows of a file by its mapping; `loadPhoneNumbers` must have been awaited. */
export function clientReader(
  context: RowContext<ClientTerms>,
): (row: FileRow) => Reading<ClientRow> {
  const read = rowReader<ClientRow>(context.mapping, {
    begin: () => ({}),
    reader: (field) => clientFieldReader(field, context),
    isEmpty: (text, field) =>
      text === "" ||
      (field !== "name" && !field.startsWith("custom_fields.") && meansNothing(text)),
    isLast: (field) => field === "mrr",
    check(row, found) {
      const errors = found.filter(({ field }) => !OPTIONAL.has(field));
      const warnings = found.filter(({ field }) => OPTIONAL.has(field))
        .map((warning) => ({ ...warning, message: `${warning.message} It was left out.` }));
      if (errors.length === 0) errors.push(...contradictions(row));
      if (row.status === "paused") {
        warnings.push(
          error("status", "paused", "A pause or a notice is not imported: enter it with its day."),
        );
      }
      return { errors, warnings };
    },
  });
  return (fileRow) => {
    const reading = read(fileRow);
    const { status, ...record } = reading.record;
    if (status === "trial" && record.churned_on === undefined) record.trial = true;
    if (record.contact_name === undefined) {
      const named = record.contact_email ?? record.contact_phone;
      if (named !== undefined) record.contact_name = named;
    }
    return { ...reading, record };
  };
}
