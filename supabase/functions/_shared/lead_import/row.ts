import { meansNothing } from "../cell.ts";
import type { RowContext } from "../file_import/kind.ts";
import type { FileRow } from "../file_import/piece.ts";
import { type CellError, type Reading, rowReader } from "../file_import/row.ts";
import { fieldReader } from "./readers.ts";
import type { LeadFieldTerm, Terms } from "./terms.ts";

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
function separateWarnings(lead: LeadRow, found: CellError[]): Omit<Reading<LeadRow>, "record"> {
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
export function leadReader(context: RowContext<Terms>): (row: FileRow) => Reading<LeadRow> {
  const { mapping, terms } = context;
  const hasConsentColumn = Object.values(mapping).includes("consent");
  const termOf = (field: string) =>
    terms.fields.find(({ key }) => `custom_fields.${key}` === field);
  return rowReader<LeadRow>(mapping, {
    begin: () => ({ consented: !hasConsentColumn }),
    reader: (field) => fieldReader(field, context),
    isEmpty: (text, field) => isEmpty(text, termOf(field)),
    // It fills only what the columns of first and last names leave out.
    isLast: (field) => field === "full_name",
    check(lead, found) {
      const { errors, warnings } = separateWarnings(lead, found);
      const hasContact = lead.first_name || lead.last_name || lead.email || lead.phone;
      if (errors.length === 0 && !hasContact) errors.push(NO_CONTACT);
      return { errors, warnings };
    },
  });
}
