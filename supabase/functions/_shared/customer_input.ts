import {
  accountKey,
  CUSTOMER_FIELDS,
  type CustomerField,
  type CustomerOptions,
  type CustomerResult,
  type FieldError,
  type FieldResult,
  type NormalizedCustomer,
  readCustomerField,
} from "./customer_row.ts";

export type CustomerChangeResult =
  | { ok: true; change: Partial<NormalizedCustomer> }
  | { ok: false; errors: FieldError[] };

/** `index` is the position in the list, from 0. */
export interface ValidateResult {
  valid: (NormalizedCustomer & { index: number })[];
  invalid: { index: number; errors: { field: string; message: string }[] }[];
}

const NOT_AN_OBJECT = "A customer must be an object with name, account_number and phone.";

function readInput<F extends CustomerField>(
  field: F,
  value: unknown,
  options: CustomerOptions,
): FieldResult<NormalizedCustomer[F]> {
  const cell = value ?? null;
  if (cell === null || typeof cell === "string" || typeof cell === "number") {
    return readCustomerField(field, cell, options);
  }
  return { message: "This must be a text or a number." };
}

/**
 * The fields of a customer in `input`, by the same rules as a row of a sheet: for changing a
 * customer. Undefined and missing fields are left out; null means empty.
 */
export function normalizeCustomerChange(
  input: { readonly [F in CustomerField]?: unknown },
  options: CustomerOptions,
): CustomerChangeResult {
  const change: Partial<NormalizedCustomer> = {};
  const errors: FieldError[] = [];
  for (const field of CUSTOMER_FIELDS) {
    if (!Object.hasOwn(input, field) || input[field] === undefined) continue;
    const result = readInput(field, input[field], options);
    if ("value" in result) Object.assign(change, { [field]: result.value });
    else errors.push({ field, message: result.message });
  }
  return errors.length === 0 ? { ok: true, change } : { ok: false, errors };
}

/**
 * One customer from JSON, by the same rules as a row of a sheet. Fields may be numbers or texts;
 * missing arrears are 0.00, a missing status is null.
 */
export function normalizeCustomer(
  input: { readonly [F in CustomerField]?: unknown },
  options: CustomerOptions,
): CustomerResult {
  const none: NormalizedCustomer = {
    name: "",
    account_number: "",
    phone: "",
    arrears: "",
    status: null,
  };
  const given = Object.fromEntries(
    CUSTOMER_FIELDS.map((field) => [field, Object.hasOwn(input, field) ? input[field] : null]),
  );
  const result = normalizeCustomerChange({ ...none, ...given }, options);
  return result.ok ? { ok: true, customer: { ...none, ...result.change } } : result;
}

/**
 * Validates a list of customers. Of a repeated account number (compared without case) the first
 * is valid and the later ones are not.
 */
export function validateCustomers(
  list: readonly unknown[],
  options: CustomerOptions,
): ValidateResult {
  const result: ValidateResult = { valid: [], invalid: [] };
  const firstIndex = new Map<string, number>();
  for (const [index, input] of list.entries()) {
    if (typeof input !== "object" || input === null || Array.isArray(input)) {
      result.invalid.push({ index, errors: [{ field: "", message: NOT_AN_OBJECT }] });
      continue;
    }
    const one = normalizeCustomer(input, options);
    const first = one.ok ? firstIndex.get(accountKey(one.customer.account_number)) : undefined;
    if (!one.ok) result.invalid.push({ index, errors: one.errors });
    else if (first !== undefined) {
      const message = `This account number repeats the one at index ${first}.`;
      result.invalid.push({ index, errors: [{ field: "account_number", message }] });
    } else {
      firstIndex.set(accountKey(one.customer.account_number), index);
      result.valid.push({ index, ...one.customer });
    }
  }
  return result;
}
