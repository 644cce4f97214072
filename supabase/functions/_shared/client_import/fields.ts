import type { FieldRules, Mapping } from "../file_import/columns.ts";
import { headerKeys } from "../sheet/header_key.ts";

/** Known headers by field of a client, without case, accents, spaces and punctuation. */
const NAMES = {
  name:
    "name client clientname customer customername company companyname account accountname nom raisonsociale",
  external_id:
    "externalid clientid customerid companyid id reference ref clientcode customercode clientno clientnumber",
  segment: "segment clientsegment customersegment tier",
  client_type: "clienttype type customertype",
  region: "region state province county area",
  category: "category sector industry",
  account_number: "accountnumber accountno accno contractcode codecontrat meternumber",
  phone: "phone phonenumber phoneno mobile mobilenumber tel telephone msisdn telephonenumber",
  email: "email emailaddress mail",
  since: "since startdate startedon start clientsince customersince joined joinedon firstday",
  churned_on: "churnedon churndate churned lefton leftat canceledon cancelledon",
  // Not "reason": error files have a column of this name.
  churn_reason: "churnreason leavingreason reasonforleaving",
  status: "status clientstatus customerstatus",
  mrr: "mrr monthlyrevenue monthlyamount monthlyfee amount",
  interval: "interval billinginterval billingperiod billedevery",
  currency: "currency currencycode",
  contract_ends_on: "contractendson contractend contractenddate renewaldate renewal renewson",
  stated_risk: "statedrisk churnrisk risk",
  contact_name: "contact contactname contactperson primarycontact",
  contact_role: "contactrole contacttitle jobtitle role position",
  contact_email: "contactemail contactmail contactemailaddress",
  contact_phone: "contactphone contactnumber contactmobile contactphonenumber contacttel",
} as const;
export type ClientField = keyof typeof NAMES;

export const clientFieldNames = Object.keys(NAMES);

const FIELD_OF = new Map<string, ClientField>();
for (const [field, names] of Object.entries(NAMES)) {
  // The keys of NAMES are the fields.
  for (const name of names.split(" ")) FIELD_OF.set(name, field as ClientField);
}

/** The key of `custom_fields.<key>`, or undefined where it is none. */
export const customKeyOf = (field: string): string | undefined =>
  /^custom_fields\.([\p{L}\p{N}][\p{L}\p{N} ._-]{0,99})$/u.exec(field)?.[1];

const IDENTIFYING = new Set(["name", "external_id"]);
// Merged cells of other fields would make one client many, or pay an amount several times.
const FILLED_DOWN = new Set([
  "segment",
  "client_type",
  "region",
  "category",
  "status",
  "currency",
  "interval",
]);

/** The fields of a client that a column can be mapped to; any other text is kept as `custom_fields.<key>` if asked for. */
export function clientFieldRules(_terms: object, currency: string): FieldRules {
  const fieldOf = (header: string) =>
    headerKeys(header, currency).map((key) => FIELD_OF.get(key))
      .find((field) => field !== undefined);
  return {
    fieldOf,
    isField: (name) => Object.hasOwn(NAMES, name) || customKeyOf(name) !== undefined,
    isCertain: (field) => IDENTIFYING.has(field),
    isFilledDown: (header) => FILLED_DOWN.has(fieldOf(header) ?? ""),
    what: "client",
  };
}

/** What a mapping lacks to give clients, or null. */
export function missingOf(mapping: Mapping): string | null {
  const fields = Object.values(mapping);
  if (!fields.includes("name")) return "must include a name";
  if (fields.filter((field) => field.startsWith("custom_fields.")).length > 50) {
    return "has more than 50 custom fields";
  }
  return null;
}
