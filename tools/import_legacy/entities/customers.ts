import type { CellValue } from "../../../supabase/functions/_shared/cell.ts";
import {
  CUSTOMER_FIELDS,
  customerFromCells,
} from "../../../supabase/functions/_shared/customer_row.ts";
import type { Entity } from "../entity.ts";
import { derivedId, digestId } from "../legacy_id.ts";
import { suppressSameDigits } from "./opt_outs.ts";

const cellOf = (value: unknown): CellValue =>
  value === null || typeof value === "number" ? value : String(value);

/** Customers, read as uploaded spreadsheets are. */
export const customers: Entity = {
  required: ["name", "account_number", "phone"],
  table: "customers",
  figures: { money: "t.arrears", amount: (cells) => cells.money("arrears"), by: "status" },
  read(cells, context) {
    const read = customerFromCells(
      Object.fromEntries(
        CUSTOMER_FIELDS.map((field) => [field, cellOf(cells.raw(field))]),
      ),
      context.place,
    );
    if (!read.ok) {
      for (const { field, message } of read.errors) {
        cells.leaveOut(field, message);
      }
      return null;
    }
    const created = cells.time("created_at") ?? context.now;
    return {
      id: cells.id(),
      organization_id: context.organizationId,
      ...read.customer,
      status: read.customer.status ?? "connected",
      currency: context.place.currency,
      created_at: created,
      updated_at: cells.time("updated_at") ?? created,
    };
  },
  after: suppressSameDigits,
};

const ACTIONS = new Set(["connect", "disconnect", "warn", "sms_sent"]);
const SOURCES = new Set(["manual", "batch"]);

/** What was done to customers. Their status stays what the old service says it is. */
export const customerActions: Entity = {
  required: ["customer_id", "action"],
  table: "customer_actions",
  references: {
    customer_id: { table: "customers", needed: true },
    batch_id: { table: "batches", needed: false },
  },
  figures: { by: "action" },
  read(cells, context, step) {
    const action = cells.choice("action", ACTIONS);
    if (action === null) {
      cells.leaveOut("action", "The action is missing.");
      return null;
    }
    const at = cells.time("at") ?? context.now;
    const person = cells.raw("performed_by");
    const userId = context.people.find(person);
    const by = person === null || userId !== null ? null : `By ${cells.text("performed_by", 255)}`;
    return {
      id: derivedId(at, context.place.origin, step.name, cells.oldId),
      organization_id: context.organizationId,
      customer_id: cells.reference("customer_id", "customers"),
      action,
      note: [cells.text("note", 1_700), by].filter((part) => part !== null).join(
        "\n",
      ) || null,
      source: cells.choice("source", SOURCES) ?? "manual",
      // Lists of batches are in the order of ids: old ones stand at their end.
      batch_id: cells.raw("batch_id") === null ? null : digestId(
        "batches",
        context.place.origin,
        String(cells.raw("batch_id")),
      ),
      performed_by: userId,
      created_at: at,
    };
  },
  async prepare(tx, drafts, context) {
    const batches = drafts.filter(({ row }) => row["batch_id"] !== null).map((
      { row },
    ) => ({
      id: row["batch_id"],
      action: row["action"] === "sms_sent" ? null : row["action"],
      created_at: row["created_at"],
    }));
    await tx`
      insert into public.batches (id, organization_id, kind, action, created_at)
      select distinct on (b.id) b.id, ${context.organizationId}::uuid, 'actions', b.action, b.created_at
      from jsonb_to_recordset((${JSON.stringify(batches)}::text)::jsonb)
        as b (id uuid, action text, created_at timestamptz)
      order by b.id, b.created_at
      on conflict do nothing`;
  },
};
