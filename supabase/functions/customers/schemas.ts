import { z } from "../_shared/zod.ts";
import type { CustomerField } from "../_shared/customer_row.ts";
import { Id, isoTime, Money, moneyText, Phone, Timestamp } from "../_shared/fields.ts";
import { invalidFields, type Problem } from "../_shared/problem.ts";

const Status = z.enum(["connected", "disconnected", "warned"]);

export const Customer = z.object({
  id: Id,
  name: z.string().openapi({ example: "Ama Mensah" }),
  account_number: z.string().openapi({ example: "00412-7" }),
  phone: Phone,
  status: Status,
  arrears: Money,
  currency: z.string().openapi({ example: "GHS" }),
  created_at: Timestamp,
  updated_at: Timestamp,
}).openapi("Customer");

const textOrNumber = z.union([z.string().max(500), z.number()]);

export const CustomerInput = z.object({
  name: z.string().max(500).openapi({ example: "Ama Mensah" }),
  account_number: textOrNumber.openapi({ example: "00412-7" }),
  phone: textOrNumber.openapi({
    description: "E.164, or a local number of the organization's country",
    example: "0244123456",
  }),
  status: Status.optional(),
  arrears: textOrNumber.optional().openapi({
    description: "Amount owed; negative for a credit. 0 when missing",
    example: "1234.50",
  }),
}).openapi("CustomerInput");

export const CustomerChange = CustomerInput.partial().openapi("CustomerChange");

const Amount = z.string().regex(/^-?\d{1,12}(\.\d{1,2})?$/, "is not an amount");

/** Filters of the list and the export of customers. */
export const CustomerFilters = z.object({
  status: Status.optional(),
  search: z.string().trim().max(200).optional()
    .openapi({ description: "Part of a name, account number or phone number" }),
  arrears_min: Amount.optional().openapi({ example: "100.00" }),
  arrears_max: Amount.optional().openapi({ example: "5000.00" }),
});

const CustomerRow = z.object({
  id: z.string(),
  name: z.string(),
  account_number: z.string(),
  phone: z.string(),
  status: Status,
  arrears: z.union([z.number(), z.string()]),
  currency: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
});

/** A database row as the API's customer. */
export function toCustomer(row: unknown): z.infer<typeof Customer> {
  const customer = CustomerRow.parse(row);
  return {
    ...customer,
    arrears: moneyText(customer.arrears),
    created_at: isoTime(customer.created_at),
    updated_at: isoTime(customer.updated_at),
  };
}

/** The 422 with the errors of the normalizer. */
export function invalidCustomer(errors: { field: CustomerField; message: string }[]): Problem {
  return invalidFields(errors.map(({ field, message }) => ({ path: field, message })));
}
