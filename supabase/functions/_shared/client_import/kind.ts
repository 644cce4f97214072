import type { FileKind } from "../file_import/kind.ts";
import { clientFieldNames, clientFieldRules } from "./fields.ts";
import { clientKeys, clientRepeats } from "./repeats.ts";
import { clientReader, type ClientRow } from "./row.ts";
import { ClientTerms } from "./terms.ts";

/** Of those who left or stayed only one kind: a share of them would say nothing. */
function oneSided(records: readonly ClientRow[]): string | null {
  const dated = records.filter(({ since }) => since !== undefined);
  const left = dated.filter(({ churned_on }) => churned_on !== undefined).length;
  if (dated.length < 2 || (left > 0 && left < dated.length)) return null;
  return left > 0
    ? "Every client of this file has left. Without those who stayed, rates of churn from it are wrong."
    : "No client of this file has left. Without those who did, survival and cohorts begin today.";
}

/** Files of clients. */
export const clientFiles: FileKind<ClientTerms, ClientRow> = {
  name: "clients",
  title: "Client",
  permission: "clients:import",
  pieceRows: 500,
  idField: "client_id",
  fieldNames: `${clientFieldNames.join(", ")}, custom_fields.<key>`,
  example: { "Company": "name", "Client since": "since" },
  duplicateBy: ["external_id", "account_number", "phone", "email", "name"],
  terms: ClientTerms,
  fields: clientFieldRules,
  reader: clientReader,
  repeats: clientRepeats,
  keys: clientKeys,
  warning: oneSided,
};
