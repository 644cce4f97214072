import { createRoute, z } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";
import { normalizePhone } from "../_shared/phone.ts";
import { invalidFields, problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, json, jsonBody, permitted } from "../_shared/route.ts";
import { readRecords } from "../_shared/sheet/csv_records.ts";
import { BlockedReason, Reason, Scope, toUndeliverable, Undeliverable } from "./schemas.ts";

const max = 10_000;
const maxListed = 1_000;

const Numbers = z.object({
  numbers: z.array(z.string().max(100)).min(1).max(max).openapi({ example: ["+233244123456"] }),
  scope: Scope.default("all"),
  reason: Reason.optional(),
}).openapi("SuppressionImport");

const Invalid = z.object({ row: z.int(), value: z.string(), message: z.string() });
const Imported = z.object({
  received: z.int(),
  added: z.int(),
  known: z.int().openapi({ description: "Already suppressed" }),
  repeated: z.int().openapi({ description: "More than once in this request" }),
  invalid: z.array(Invalid).openapi({ description: "The first 1,000; row counts from 1" }),
  invalid_count: z.int(),
}).openapi("SuppressionImportResult");

const importRoute = createRoute({
  method: "post",
  path: "/import",
  operationId: "importSuppressions",
  tags: ["suppressions"],
  summary: "Suppress up to 10,000 numbers",
  description:
    "JSON, or text/csv with one number a line: in the column called phone, number or mobile, else in the first. " +
    "scope and reason of a CSV are in the query.",
  ...permitted("suppressions:write"),
  request: {
    headers: IdempotencyHeader,
    query: z.object({ scope: Scope.optional(), reason: Reason.optional() }),
    body: {
      // Other content types are not parsed by the router.
      required: false,
      content: {
        "application/json": { schema: Numbers },
        "text/csv": { schema: z.string() },
      },
    },
  },
  responses: {
    200: json(Imported, "The result"),
    ...guarded,
    ...problems(400, 409, 413, 422),
  },
});

function jsonNumbers(body: unknown): z.infer<typeof Numbers> {
  const parsed = Numbers.safeParse(body);
  if (!parsed.success) throw invalidFields([{ path: "numbers", message: "are missing" }]);
  return parsed.data;
}

function csvNumbers(text: string): string[] {
  const rows: string[][] = [];
  readRecords(
    text.replace(/^\uFEFF/, ""),
    text.includes(";") && !text.includes(",") ? ";" : ",",
    (_row, cells) => {
      if (cells.some((cell) => cell.trim() !== "")) rows.push(cells);
      return rows.length <= max + 1;
    },
  );
  const head = rows[0] ?? [];
  const isHead = !head.some((cell) => /\d{5}/.test(cell));
  const named = head.findIndex((cell) =>
    /^(phone|number|mobile|tel|msisdn|contact)/i.test(cell.trim())
  );
  const column = isHead ? Math.max(named, 0) : 0;
  return rows.slice(isHead ? 1 : 0).map((cells) => cells[column] ?? "");
}

function read(values: string[], country: string) {
  const phones = new Set<string>();
  const invalid: z.infer<typeof Invalid>[] = [];
  let valid = 0;
  values.forEach((value, index) => {
    const result = normalizePhone(value, country);
    if (result.ok) {
      valid++;
      phones.add(result.phone);
    } else invalid.push({ row: index + 1, value: value.slice(0, 100), message: result.message });
  });
  return { phones: [...phones], invalid, repeated: valid - phones.size };
}

const Wanted = z.object({
  numbers: z.array(z.string().min(1).max(40)).min(1).max(1_000).openapi({
    example: ["+233244123456"],
  }),
}).openapi("NumberCheck");

const Verdict = z.object({
  input: z.string(),
  phone: z.string().nullable().openapi({ description: "null: not a phone number" }),
  blocked_reason: BlockedReason.nullable().openapi({
    description: "Why it must not get a marketing message now; null: it may",
  }),
  consent: z.object({
    event: z.enum(["granted", "revoked"]),
    scope: z.string(),
    source: z.string(),
    occurred_at: Timestamp,
  }).nullable().openapi({ description: "The latest entry of the ledger" }),
  review_id: Id.nullable().openapi({ description: "A reply of the number awaits a decision" }),
  undeliverable: Undeliverable.nullable().openapi({
    description: "Its provider said that it cannot be reached",
  }),
}).openapi("NumberVerdict");

const checkRoute = createRoute({
  method: "post",
  path: "/check",
  operationId: "checkNumbers",
  tags: ["suppressions"],
  summary: "Why each of up to 1,000 numbers must not get a marketing message",
  ...permitted("suppressions:read"),
  request: { body: jsonBody(Wanted) },
  responses: {
    200: json(z.object({ data: z.array(Verdict) }), "In the order of the request"),
    ...guarded,
    ...problems(400, 422),
  },
});

const Checked = z.array(Verdict.omit({ input: true }).extend({ phone: z.string() }));

/** POST /suppressions/import and /suppressions/check. */
export function numberRoutes(app: App) {
  app.openapi(importRoute, async (c) => {
    const { organizationId, organization } = c.var.actor;
    const query = c.req.valid("query");
    const isCsv = c.req.header("content-type")?.startsWith("text/csv") ?? false;
    const { numbers, scope = "all", reason } = isCsv
      ? { ...query, numbers: csvNumbers(await c.req.text()) }
      : jsonNumbers(c.req.valid("json"));
    if (numbers.length === 0 || numbers.length > max) {
      throw invalidFields([{ path: "numbers", message: "must be 1 to 10,000" }]);
    }
    const { phones, invalid, repeated } = read(numbers, organization.country);
    const answer = await c.var.db.rpc("import_suppressions", {
      organization_id: organizationId,
      phones,
      scope,
      reason: reason ?? "Imported",
      answer: {
        received: numbers.length,
        repeated,
        invalid: invalid.slice(0, maxListed),
        invalid_count: invalid.length,
      },
    });
    return c.json(Imported.parse(unwrap(answer)), 200);
  });
  app.openapi(checkRoute, async (c) => {
    const { organizationId, organization } = c.var.actor;
    const inputs = c.req.valid("json").numbers.map((input) => {
      const result = normalizePhone(input, organization.country);
      return { input, phone: result.ok ? result.phone : null };
    });
    const phones = [...new Set(inputs.flatMap(({ phone }) => phone ?? []))];
    const answer = await c.var.db.rpc("check_numbers", { organization_id: organizationId, phones });
    const known = new Map(Checked.parse(unwrap(answer)).map((verdict) => [verdict.phone, verdict]));
    return c.json({
      data: inputs.map(({ input, phone }) => verdictOf(input, known.get(phone ?? ""))),
    }, 200);
  });
}

function verdictOf(input: string, known: z.infer<typeof Checked>[number] | undefined) {
  if (!known) {
    return {
      input,
      phone: null,
      blocked_reason: "invalid_phone" as const,
      consent: null,
      review_id: null,
      undeliverable: null,
    };
  }
  const { consent, undeliverable } = known;
  return {
    input,
    ...known,
    consent: consent && { ...consent, occurred_at: isoTime(consent.occurred_at) },
    undeliverable: undeliverable && toUndeliverable(undeliverable),
  };
}
