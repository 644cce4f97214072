import { z } from "../_shared/zod.ts";
import { CaptchaToken, Email, Name, NewPassword } from "./schemas.ts";

// Created on demand: as a constant it would cost some milliseconds of every cold start.
const isNamed = (type: "region" | "currency", code: string): boolean =>
  new Intl.DisplayNames(["en"], { type, fallback: "none" }).of(code) !== undefined;
const noCountries = new Set(["EU", "EZ", "QO", "UK", "UN", "XA", "XB", "ZZ"]);

function isCountry(code: string): boolean {
  return /^[A-Z]{2}$/.test(code) && !noCountries.has(code) && isNamed("region", code);
}

function isCurrency(code: string): boolean {
  return /^[A-Z]{3}$/.test(code) && code !== "XXX" && isNamed("currency", code);
}

// Intl accepts offsets and old abbreviations too; PostgreSQL and daylight saving need a place.
function isTimeZone(name: string): boolean {
  if (name !== "UTC" && !/^[A-Za-z_]+\/[\w+/-]+$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The body of a registration; exactly one of organization_name and invitation_token. */
export const Registration = z.object({
  email: Email,
  password: NewPassword,
  full_name: Name.openapi({ example: "Ama Mensah" }),
  organization_name: Name.optional().openapi({
    description: "Creates this organization with the person as its first admin",
    example: "Nile Utility",
  }),
  captcha_token: CaptchaToken,
  invitation_token: z.string().regex(/^\w{1,200}$/, "is not a token").optional().openapi({
    description: "Joins the inviting organization instead of creating one",
  }),
  country: z.string().trim().toUpperCase().refine(
    isCountry,
    "is not a country (ISO 3166-1 alpha-2)",
  ).optional()
    .openapi({ description: "ISO 3166-1 alpha-2; default GH", example: "GH" }),
  time_zone: z.string().trim().refine(isTimeZone, "is not a time zone (IANA name)").optional()
    .openapi({ description: "IANA name; default Africa/Accra", example: "Africa/Accra" }),
  currency: z.string().trim().toUpperCase().refine(isCurrency, "is not a currency (ISO 4217)")
    .optional().openapi({ description: "ISO 4217; default GHS", example: "GHS" }),
}).superRefine(({ organization_name, invitation_token }, context) => {
  if ((organization_name === undefined) === (invitation_token === undefined)) {
    const message = "Give either organization_name or invitation_token.";
    context.addIssue({ code: "custom", path: ["organization_name"], message });
  }
}).openapi("RegistrationRequest");

/** What a registration does besides creating an account. */
export type RegistrationIntent =
  | { kind: "create"; name: string; settings: Record<string, string> }
  | { kind: "join"; token: string };

/** The intent of a validated registration. */
export function toIntent(input: z.infer<typeof Registration>): RegistrationIntent {
  const { organization_name, invitation_token, country, time_zone, currency } = input;
  if (invitation_token !== undefined) return { kind: "join", token: invitation_token };
  return {
    kind: "create",
    name: organization_name ?? "",
    settings: {
      ...(country && { country }),
      ...(time_zone && { time_zone }),
      ...(currency && { currency }),
    },
  };
}

/** The account's metadata from which the sign-up trigger in the database reads the intent. */
export function metadataOf(intent: RegistrationIntent): Record<string, string> {
  return intent.kind === "join"
    ? { invitation_token: intent.token }
    : { organization_name: intent.name, ...intent.settings };
}
