import type { FieldRules, Mapping } from "../file_import/columns.ts";
import { headerKey, headerKeys } from "../sheet/header_key.ts";
import type { Terms } from "./terms.ts";

/** The fields of a lead that a column can be mapped to; custom fields are `custom_fields.<key>`. */
const LEAD_FIELDS = [
  "first_name",
  "last_name",
  "full_name",
  "email",
  "phone",
  "source",
  "status",
  "value",
  "tags",
  "country",
  "region",
  "time_zone",
  "consent",
  "consent_at",
] as const;
export type LeadField = (typeof LEAD_FIELDS)[number];

const CONTACT: string[] = ["first_name", "last_name", "full_name", "email", "phone"];

// Fields whose merged cells apply to every row covered; a merged phone number would make one person many.
const FILLED_DOWN = new Set(["source", "status", "tags", "country", "region", "time_zone"]);

/** Known headers by field, without case, accents, spaces and punctuation. */
const NAMES: Record<LeadField, string> = {
  first_name: "firstname first givenname forename fname prenom vorname",
  last_name: "lastname last surname familyname lname secondname nom nachname",
  full_name: "fullname name contactname leadname clientname customername parentname contact lead",
  email: "email emailaddress mail mailaddress emailid",
  phone:
    "phone phonenumber phoneno mobile mobilenumber mobileno mobilephone cell cellphone tel telephone " +
    "telephonenumber telno msisdn whatsapp whatsappnumber contactnumber contactphone number",
  source: "source leadsource channel origin utmsource referrer",
  status: "status stage leadstatus leadstage pipelinestage pipeline",
  value: "value dealvalue leadvalue amount dealamount potential estimatedvalue budget",
  tags: "tags tag labels label keywords",
  country: "country countrycode addresscountry nation land",
  region: "region state province county addressregion stateprovince stateregion",
  time_zone: "timezone tz",
  consent: "consent smsconsent optin optedin marketingconsent consentgiven agreed subscribed",
  consent_at:
    "consentat consentdate consenttime consenttimestamp optindate optinat optintime dateofconsent",
};

const FIELD_OF = new Map<string, LeadField>();
for (const field of LEAD_FIELDS) {
  for (const name of NAMES[field].split(" ")) FIELD_OF.set(name, field);
}

/** The built-in field that a header names; a currency (ISO 4217) or a date is not part of the name. */
function leadFieldOf(header: string, currency: string): LeadField | undefined {
  return headerKeys(header, currency).map((key) => FIELD_OF.get(key))
    .find((field) => field !== undefined);
}

/** The keys of custom fields by the keys of their headers: label, key, or `custom_fields.<key>`. */
function customFieldKeys({ fields }: Pick<Terms, "fields">): Map<string, string> {
  const keys = new Map<string, string>();
  for (const { key, label } of fields.toReversed()) {
    for (const name of [label, key, `custom_fields.${key}`]) keys.set(headerKey(name), key);
  }
  return keys;
}

/** The fields of a lead; custom fields take precedence over built-in ones. */
export function leadFieldRules(terms: Pick<Terms, "fields">, currency: string): FieldRules {
  const customKeys = customFieldKeys(terms);
  const known = new Set<string>([
    ...LEAD_FIELDS,
    ...terms.fields.map(({ key }) => `custom_fields.${key}`),
  ]);
  return {
    fieldOf(header) {
      const key = headerKeys(header, currency).map((headerKey) => customKeys.get(headerKey))
        .find((found) => found !== undefined);
      return key === undefined ? leadFieldOf(header, currency) : `custom_fields.${key}`;
    },
    isField: (name) => known.has(name),
    isCertain: (field) => CONTACT.includes(field),
    isFilledDown: (header) => FILLED_DOWN.has(leadFieldOf(header, currency) ?? ""),
    what: "lead",
  };
}

/** Whether a mapping can produce leads: they need a name, an e-mail address or a phone number. */
export const identifiesLeads = (mapping: Mapping): boolean =>
  Object.values(mapping).some((field) => CONTACT.includes(field));
