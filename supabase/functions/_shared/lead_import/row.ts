import { cellText, excelError, meansNothing } from "../cell.ts";
import { cleanText } from "../clean_text.ts";
import { fieldReader } from "./readers.ts";
import type { FileRow } from "./piece.ts";
import type { LeadFieldTerm, Mapping, Terms } from "./terms.ts";

/** The fields of a lead that a row has. */
export interface LeadRow {
  first_name?: string;
  last_name?: string;
  email?: string;
  phone?: string;
  source?: string;
  status?: string;
  value?: string;
  tags?: string[];
  country?: string;
  region?: string;
  time_zone?: string;
  custom_fields?: Record<string, string | number | boolean | string[]>;
  /** Whether the consent column says yes; true for every row without such a column. */
  consented?: boolean;
  consent_at?: string;
}

/** An error or a warning: about a cell, or with `field` "" about the row as a whole. */
export interface CellError {
  field: string;
  value: string | null;
  message: string;
}

/** What a row gives: a lead if there are no errors. */
export interface LeadReading {
  lead: LeadRow;
  errors: CellError[];
  warnings: CellError[];
}

export interface RowContext {
  mapping: Mapping;
  terms: Terms;
  country: string;
  currency: string;
  timeZone: string;
}

const NO_CONTACT = {
  field: "",
  value: null,
  message: "The row has neither a name nor an e-mail address nor a phone number.",
};

/** Whether a cell counts as empty. In texts of the organization "none" can be an answer. */
function isEmpty(text: string, term: LeadFieldTerm | undefined): boolean {
  if (text === "") return true;
  if (term?.type === "choice" || term?.type === "choices") {
    return meansNothing(text) &&
      !term.choices.some((choice) => choice.toLowerCase() === text.toLowerCase());
  }
  if (term?.type === "text") return /^(?:[-–—]{1,2}|n\/a|null)$/i.test(text);
  return meansNothing(text);
}

/**
 * An optional contact that cannot be read costs the row only if there is no other: a person who can
 * be reached by e-mail is a lead whatever the phone column says.
 */
function separateWarnings(lead: LeadRow, found: CellError[]): Omit<LeadReading, "lead"> {
  const errors: CellError[] = [];
  const warnings: CellError[] = [];
  for (const error of found) {
    const hasOther = (error.field === "phone" && lead.email !== undefined) ||
      (error.field === "email" && lead.phone !== undefined);
    if (hasOther) warnings.push({ ...error, message: `${error.message} It was left out.` });
    else errors.push(error);
  }
  return { errors, warnings };
}

/** Parses the rows of a file by its mapping; `loadPhoneNumbers` must have been awaited. */
export function leadReader(context: RowContext): (row: FileRow) => LeadReading {
  // A full name fills only missing parts, so its column comes after the columns of first and last names.
  const columns = Object.entries(context.mapping)
    .map(([index, field]) => ({
      index: Number(index),
      field,
      term: context.terms.fields.find(({ key }) => `custom_fields.${key}` === field),
      read: fieldReader(field, context),
    }))
    .sort((a, b) => Number(a.field === "full_name") - Number(b.field === "full_name"));
  const hasConsentColumn = columns.some(({ field }) => field === "consent");
  return ({ cells, error, warning }) => {
    const lead: LeadRow = { consented: !hasConsentColumn };
    if (error !== null) {
      return { lead, errors: [{ field: "", value: null, message: error }], warnings: [] };
    }
    const found: CellError[] = [];
    for (const { index, field, term, read } of columns) {
      const text = cleanText(cells[index] ?? "");
      if (isEmpty(text, term)) continue;
      const message = excelError(text) ?? read(text, lead);
      if (message !== null) found.push({ field, value: cellText(text), message });
    }
    const { errors, warnings } = separateWarnings(lead, found);
    if (errors.length === 0 && !lead.first_name && !lead.last_name && !lead.email && !lead.phone) {
      errors.push(NO_CONTACT);
    }
    if (warning !== null) warnings.push({ field: "", value: null, message: warning });
    return { lead, errors, warnings };
  };
}
