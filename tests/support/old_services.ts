/** The five old services as data: tables as their READMEs give or imply them, with rows made on demand. */
import type postgres from "postgres";
import { AUTH_SCHEMA, OLD_HASH, type OldDatabase, withOldDatabase } from "./legacy.ts";

type Row = Record<string, unknown>;

/** Makes the nth row of a table; `key` is the id of the row with this number in another table. */
type MakeRow = (n: number, key: (table: string, n?: number) => string) => Row;

export interface OldTable {
  name: string;
  /** Types of columns; those that are not named are text, as a hand-made database may have them. */
  types: Record<string, string>;
  row: MakeRow;
}

const at = (n: number) => new Date(Date.UTC(2025, 0, 1) + n * 3_600_000).toISOString();
/** Not long ago: messages older than an organization keeps them do not come. */
const lately = (n: number) => new Date(Date.now() - 86_400_000 + n * 1_000).toISOString();
const ghana = (n: number) => `+233244${String(100_000 + n).slice(-6)}`;
const america = (n: number) => `+1212${String(5_550_000 + n).slice(-7)}`;

const account: OldTable = {
  name: "auth.users",
  types: {
    id: "uuid",
    email_confirmed_at: "timestamptz",
    banned_until: "timestamptz",
    deleted_at: "timestamptz",
    raw_user_meta_data: "jsonb",
    created_at: "timestamptz",
  },
  row: (n, key) => ({
    id: key("person", n),
    email: `person-${key("person", n)}@old.test`,
    encrypted_password: OLD_HASH,
    email_confirmed_at: at(n),
    raw_user_meta_data: { full_name: `Person ${n}` },
    created_at: at(n),
  }),
};

const INSIGHT_OPS: OldTable[] = [account, {
  name: "customers",
  types: { id: "uuid" },
  row: (n, key) => ({
    id: key("customers", n),
    name: `Customer ${n}`,
    account_number: `A-${n}`,
    phone: ghana(n),
    status: "connected",
    arrears: `${n}.50`,
    created_at: at(n),
    updated_at: at(n),
  }),
}, {
  name: "customer_actions",
  types: { id: "uuid", customer_id: "uuid" },
  row: (n, key) => ({
    id: key("customer_actions", n),
    customer_id: key("customers"),
    action: "warn",
    performed_by: "Person 0",
    source: "batch",
    batch_id: key("batches"),
    timestamp: at(n),
  }),
}];

const SMS_TOWER: OldTable[] = [account, {
  name: "users",
  types: { id: "uuid" },
  row: (n, key) => ({
    id: key("person", n),
    email: `person-${key("person", n)}@old.test`,
    full_name: `Person ${n}`,
    role: "viewer",
    is_active: "true",
    created_at: at(n),
  }),
}, {
  name: "suppressions",
  types: { id: "serial" },
  row: (n) => ({ phone_number: america(4_000 + n), reason: "STOP", created_at: at(n) }),
}, {
  name: "leads",
  types: { id: "uuid", metadata: "jsonb", assigned_to: "uuid" },
  row: (n, key) => ({
    id: key("leads", n),
    first_name: "Ada",
    last_name: `Lead ${n}`,
    email: `lead-${n}@old.test`,
    phone: america(n),
    source: "web",
    status: "new",
    value: "10",
    tags: "vip",
    metadata: { plan: "gold" },
    state: "NY",
    country: "US",
    opt_in_at: at(n),
    opt_in_source: "web form",
    opt_in_method: "ticked a box",
    assigned_to: key("person"),
    created_at: at(n),
    updated_at: at(n),
  }),
}, {
  name: "templates",
  types: { id: "uuid" },
  row: (n, key) => ({
    id: key("templates", n),
    name: `Template ${n}`,
    content: "Hi {first_name}. Reply STOP to end",
    category: "marketing",
    created_at: at(n),
    updated_at: at(n),
  }),
}, {
  name: "campaigns",
  types: { id: "uuid" },
  row: (n, key) => ({
    id: key("campaigns", n),
    name: `Campaign ${n}`,
    status: "completed",
    scheduled_at: at(n),
    started_at: at(n),
    finished_at: at(n),
    created_by: key("person"),
    created_at: at(n),
    updated_at: at(n),
  }),
}, {
  name: "campaign_targets",
  types: { id: "bigserial", campaign_id: "uuid", lead_id: "uuid" },
  row: (n, key) => ({
    campaign_id: key("campaigns"),
    lead_id: key("leads", n),
    phone: america(n),
    status: "delivered",
    sent_at: at(n),
  }),
}, {
  name: "messages",
  types: { id: "uuid", lead_id: "uuid", campaign_id: "uuid" },
  row: (n, key) => ({
    id: key("messages", n),
    lead_id: key("leads"),
    campaign_id: key("campaigns"),
    direction: "outbound",
    from_number: "+12125550100",
    to_number: america(n),
    body: "Hi",
    status: "delivered",
    twilio_sid: `SM-${key("messages", n)}`,
    error_code: null,
    error_message: null,
    created_at: lately(n),
    sent_at: lately(n),
    delivered_at: lately(n),
  }),
}];

const ONLYAI_CRM: OldTable[] = [account, {
  name: "profiles",
  types: { id: "uuid" },
  row: (n, key) => ({
    id: key("person", n),
    full_name: `Person ${n}`,
    role: "counselor",
    is_active: "true",
    created_at: at(n),
  }),
}, {
  name: "leads",
  types: { id: "uuid", custom_fields: "jsonb" },
  row: (n, key) => ({
    id: key("leads", n),
    parent_name: `Mensah, Ama ${n}`,
    email: `lead-${n}@old.test`,
    phone: ghana(n),
    source: "Open Day",
    status: "interested",
    value: "10",
    tags: "vip",
    country: "GH",
    region: "Accra",
    custom_fields: { hobby: "chess" },
    assigned_to: key("person"),
    assigned_at: at(n),
    created_by: key("person"),
    created_at: at(n),
    updated_at: at(n),
    closed_at: at(n),
  }),
}, {
  name: "students",
  types: { id: "uuid", lead_id: "uuid" },
  row: (n, key) => ({
    id: key("students", n),
    lead_id: key("leads"),
    name: "Esi Mensah",
    dob: "2012-03-04",
    grade: "JHS 2",
    school: "Achimota",
    notes: "First\nsecond",
    created_at: at(n),
    updated_at: at(n),
  }),
}, {
  name: "lead_history",
  types: { id: "serial", lead_id: "uuid" },
  row: (n, key) => ({
    lead_id: key("leads"),
    old_status: "new",
    new_status: "interested",
    note: "Said so",
    changed_by: key("person"),
    created_at: at(n),
  }),
}, {
  name: "tasks",
  types: { id: "serial", lead_id: "uuid" },
  row: (n, key) => ({
    lead_id: key("leads"),
    title: "Call back",
    description: "About the form",
    status: "completed",
    priority: "urgent",
    due_date: at(n),
    assigned_to: key("person"),
    created_by: key("person"),
    completed_at: at(n),
    created_at: at(n),
    updated_at: at(n),
  }),
}, {
  name: "interactions",
  types: { id: "serial", lead_id: "uuid" },
  row: (n, key) => ({
    lead_id: key("leads"),
    type: "call",
    direction: "incoming",
    subject: "Fees",
    notes: "Asked about fees",
    outcome: "answered",
    duration_seconds: "60",
    occurred_at: at(n),
    created_by: key("person"),
    created_at: at(n),
  }),
}];

const LEAD_TOOL: OldTable[] = [account, {
  name: "users",
  types: { id: "uuid" },
  row: (n, key) => ({
    id: key("person", n),
    email: `person-${key("person", n)}@old.test`,
    full_name: `Person ${n}`,
    role: "sdr",
    is_active: "true",
    created_at: at(n),
  }),
}, {
  name: "leads",
  types: { id: "uuid", custom_fields: "jsonb" },
  row: (n, key) => ({
    id: key("leads", n),
    name: `Sam Lead ${n}`,
    email: `lead-${n}@old.test`,
    phone: ghana(n),
    source: "web",
    status: "assigned",
    value: "10",
    tags: "vip",
    country: "GH",
    custom_fields: { budget: "12" },
    assignee_id: key("person"),
    assigned_at: at(n),
    created_by: key("person"),
    deadline: lately(n),
    sla_breached: "false",
    responded_at: at(n),
    created_at: at(n),
    updated_at: at(n),
  }),
}, {
  name: "audit_logs",
  types: { id: "uuid", metadata: "jsonb" },
  row: (n, key) => ({
    id: key("audit_logs", n),
    lead_id: key("leads"),
    user_id: key("person"),
    action: "status_changed",
    metadata: { old_status: "assigned", new_status: "converted" },
    created_at: at(n),
  }),
}];

const CHURNGUARD: OldTable[] = [{
  name: "users",
  types: { id: "uuid" },
  row: (n, key) => ({
    id: key("person", n),
    email: `person-${key("person", n)}@old.test`,
    full_name: `Person ${n}`,
    role: "marketing_agent",
    password: OLD_HASH,
    created_at: at(n),
  }),
}, {
  name: "clients",
  types: { id: "uuid", contacts: "jsonb" },
  row: (n, key) => ({
    id: key("clients", n),
    name: `Client ${n}`,
    segment: "Small Business",
    since: "2021-03-01",
    churn_risk: "High",
    contacts: [{ name: "Ama", email: "ama@old.test", phone: ghana(n), role: "Owner" }],
    monthly_revenue: `${n}.50`,
    created_at: at(n),
    updated_at: at(n),
  }),
}, {
  name: "interactions",
  types: { id: "uuid", clientid: "uuid" },
  row: (n, key) => ({
    id: key("interactions", n),
    clientid: key("clients"),
    type: "Phone",
    date: "2024-05-01",
    details: "Asked about the bill",
    created_at: at(n),
  }),
}, {
  name: "customer_issues",
  types: { id: "serial" },
  row: (n) => ({
    customer_id: String(4_711 + n % 3),
    code_contrat: "12",
    client_type: "1",
    client_region: "2",
    client_categorie: "3",
    incident_title: "No signal",
    status: "not sent",
    created_at: at(n),
    updated_at: at(n),
  }),
}, {
  name: "customer_incident_predictions",
  types: { id: "serial" },
  row: (n) => ({
    customer_id: String(4_711 + n % 3),
    client_region: "Accra",
    client_type: "home",
    client_category: "a",
    q1_prediction: "0.25",
    q2_prediction: "0.5",
    q3_prediction: "0.75",
    q4_prediction: String(n),
    most_likely_incident: "No signal",
    recommendation: "Send a technician",
    created_at: at(n),
  }),
}, {
  name: "notes",
  types: { id: "uuid", sender_id: "uuid", recipients: "text[]" },
  row: (n, key) => ({
    id: key("notes", n),
    title: "Hello",
    description: "Please look",
    sender_id: key("person"),
    recipients: ["admin"],
    is_read: "false",
    timestamp: at(n),
  }),
}];

/** The tables of each kind, parents first. */
export const OLD_SERVICES: Record<string, OldTable[]> = {
  "insight-ops": INSIGHT_OPS,
  "sms-tower": SMS_TOWER,
  "onlyai-crm": ONLYAI_CRM,
  "lead-tool": LEAD_TOOL,
  churnguard: CHURNGUARD,
};

export interface OldService extends OldDatabase {
  tables: OldTable[];
  /** The nth row of a table. */
  rowOf(table: OldTable, n: number): Row;
  insert(table: OldTable, rows: Row[]): Promise<void>;
  /** n rows in each table. */
  fill(n: number): Promise<void>;
}

/** Supabase lets nobody leave these out; a copy of its tables may. */
const LOOSE =
  "alter table auth.users alter raw_user_meta_data drop not null, alter created_at drop not null;";

const schemaOf = (tables: OldTable[]): string =>
  tables.filter(({ name }) => name !== "auth.users").map(({ name, types, row }) => {
    const columns = [...new Set([...Object.keys(types), ...Object.keys(row(0, () => ""))])];
    return `create table ${name} (${
      columns.map((column) =>
        `${column} ${types[column] ?? "text"}${column === "id" ? " primary key" : ""}`
      ).join(", ")
    });`;
  }).join("\n");

async function insert(sql: postgres.Sql, { name }: OldTable, rows: Row[]): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const columns = Object.keys(first).map((column) => `"${column}"`).join(", ");
  await sql.unsafe(
    `insert into ${name} (${columns})
     select ${columns} from jsonb_populate_recordset(null::${name}, ($1::text)::jsonb)`,
    [JSON.stringify(rows)],
  );
}

/** A database of one of the five services, dropped after the work. */
export async function withOldService(
  kind: string,
  work: (old: OldService) => Promise<void>,
): Promise<void> {
  const tables = OLD_SERVICES[kind] ?? [];
  // Ids that no other run has: they are kept, and one belongs to one organization.
  const run = crypto.randomUUID().slice(0, 8);
  const numbers = new Map<string, number>();
  const key = (table: string, n = 0) => {
    if (!numbers.has(table)) numbers.set(table, numbers.size + 1);
    const place = String(numbers.get(table)).padStart(4, "0");
    return `${run}-${place}-4000-8000-${String(n).padStart(12, "0")}`;
  };
  const rowOf = ({ row }: OldTable, n: number) => row(n, key);
  await withOldDatabase(AUTH_SCHEMA + LOOSE + schemaOf(tables), async ({ url, sql }) => {
    const insertInto = (table: OldTable, rows: Row[]) => insert(sql, table, rows);
    await work({
      url,
      sql,
      tables,
      rowOf,
      insert: insertInto,
      async fill(n) {
        for (const table of tables) {
          await insertInto(table, Array.from({ length: n }, (_, i) => rowOf(table, i)));
        }
      },
    });
  });
}
