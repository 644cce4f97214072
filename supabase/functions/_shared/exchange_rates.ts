import { z } from "./zod.ts";

const Currency = z.string().trim().toUpperCase()
  .refine((code) => /^[A-Z]{3}$/.test(code), "is not a currency code")
  .openapi({ description: "ISO 4217", example: "USD" });

const Rate = z.union([z.number(), z.string().regex(/^\d{1,10}(\.\d{1,8})?$/, "is not a rate")])
  .refine((rate) => Number(rate) > 0 && Number(rate) < 1e10, "is not a rate")
  .openapi({ description: "What one unit is worth in the organization's currency" });

/** All rates of an organization, each with its first day. */
export const ExchangeRates = z.array(z.object({
  currency: Currency,
  starts_on: z.iso.date().refine((day) => day >= "1900", "is too long ago")
    .openapi({ example: "2026-09-01" }),
  rate: Rate,
})).max(1_000).openapi({ description: "All rates" });
