import type { FileKind } from "../file_import/kind.ts";
import { leadFieldRules } from "./mapping.ts";
import { findRepeats } from "./repeats.ts";
import { leadReader, type LeadRow } from "./row.ts";
import { Terms } from "./terms.ts";

/** Files of leads. */
export const leadFiles: FileKind<Terms, LeadRow> = {
  name: "leads",
  title: "Lead",
  permission: "leads:import",
  pieceRows: 2_000,
  idField: "lead_id",
  fieldNames:
    "first_name, last_name, full_name, email, phone, source, status, value, tags, country, region, " +
    "time_zone, consent, consent_at, custom_fields.<key>",
  example: { "Full name": "full_name", "Mobile": "phone" },
  duplicateBy: ["phone", "email"],
  terms: Terms,
  fields: leadFieldRules,
  reader: leadReader,
  repeats: findRepeats,
  keys: ({ phone = null, email = null }) => ({ phone, email }),
};
