import { z } from "../_shared/zod.ts";
import { Email, Name, NewPassword } from "./schemas.ts";

// Made when asked: as constants they would cost every cold start of this function some milliseconds.
const named = (type: "region" | "currency", code: string): boolean =>
  new Intl.DisplayNames(["en"], { type, fallback: "none" }).of(code) !== undefined;
const noCountries = new Set(["EU", "EZ", "QO", "UK", "UN", "XA", "XB", "ZZ"]);

function isCountry(code: string): boolean {
  return /^[A-Z]{2}$/.test(code) && !noCountries.has(code) && named("region", code);
}

function isCurrency(code: string): boolean {
  return /^[A-Z]{3}$/.test(code) && code !== "XXX" && named("currency", code);
}

// Intl takes offsets and old abbreviations too; a place is what PostgreSQL and daylight saving need.
function isTimeZone(name: string): boolean {
  if (name !== "UTC" && !/^[A-Za-z_]+\/[\w+/-]+$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** What a registration says; exactly one of organization_name and invitation_token. */
export const Registration = z.object({
  email: Email,
  password: NewPassword,
  full_name: Name.openapi({ example: "Ama Mensah" }),
  organization_name: Name.optional().openapi({
    description: "Founds this organization with the person as its first admin",
    example: "Nile Utility",
  }),
  invitation_token: z.string().regex(/^\w{1,200}$/, "is not a token").optional().openapi({
    description: "Joins the organization that sent the invitation, instead of founding one",
  }),
  country: z.string().trim().toUpperCase().refine(
    isCountry,
    "is not a country (ISO 3166-1 alpha-2)",
  ).optional()
    .openapi({ description: "ISO 3166-1 alpha-2; GH when missing", example: "GH" }),
  time_zone: z.string().trim().refine(isTimeZone, "is not a time zone (IANA name)").optional()
    .openapi({ description: "IANA name; Africa/Accra when missing", example: "Africa/Accra" }),
  currency: z.string().trim().toUpperCase().refine(isCurrency, "is not a currency (ISO 4217)")
    .optional().openapi({ description: "ISO 4217; GHS when missing", example: "GHS" }),
}).superRefine(({ organization_name, invitation_token }, context) => {
  if ((organization_name === undefined) === (invitation_token === undefined)) {
    const message = "Give either organization_name or invitation_token.";
    context.addIssue({ code: "custom", path: ["organization_name"], message });
  }
}).openapi("RegistrationRequest");

/** A registration's wish, after validation. */
export type Wish =
  | { kind: "found"; name: string; settings: Record<string, string> }
  | { kind: "join"; token: string };

/** What the person wants of the registration besides an account. */
export function wishOf(input: z.infer<typeof Registration>): Wish {
  const { organization_name, invitation_token, country, time_zone, currency } = input;
  if (invitation_token !== undefined) return { kind: "join", token: invitation_token };
  return {
    kind: "found",
    name: organization_name ?? "",
    settings: {
      ...(country && { country }),
      ...(time_zone && { time_zone }),
      ...(currency && { currency }),
    },
  };
}

/** The wish as the sign-up's trigger in the database reads it from the account's metadata. */
export function metadataOf(wish: Wish): Record<string, string> {
  return wish.kind === "join"
    ? { invitation_token: wish.token }
    : { organization_name: wish.name, ...wish.settings };
}
