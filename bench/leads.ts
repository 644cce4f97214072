import type postgres from "postgres";
import { type LeadPeople, loadLeads } from "./leads_data.ts";
import { alternate, type Bench, type Benchmark, type Row, timed } from "./support/benchmark.ts";

const rounds = 15;
/** A statement is repeated so often for one figure: a single one takes less than the clock's noise. */
const repeats = 5;
const limit = { atMost: 1.5 };

type Role = "admin" | "manager" | "counselor";

/** What one may see without row level security: the condition that a careful hand would write into each statement. */
function reach(role: Role, { organization, ...people }: LeadPeople): string {
  const mine = `x.assigned_to = '${people[role]}' or x.created_by = '${people[role]}'`;
  const team = `(select team_id from public.memberships where organization_id = '${organization}'
    and user_id = '${people.manager}')`;
  const within = {
    admin: "",
    manager: ` and (x.team_id = ${team} or ${mine})`,
    counselor: ` and (${mine})`,
  };
  return `x.organization_id = '${organization}' and x.deleted_at is null${within[role]}`;
}

interface Question {
  what: string;
  ours: (people: LeadPeople) => string;
  baseline: (people: LeadPeople, role: Role) => string;
  roles?: Role[];
  target?: Row["target"];
}

const page = (condition: string, order: string) => `
  select (select count(*) from public.leads x where ${condition}), (
    select jsonb_agg(to_jsonb(p)) from (
      select x.*, a.full_name as assigned_to_name, c.full_name as created_by_name from public.leads x
      left join public.profiles a on a.id = x.assigned_to left join public.profiles c on c.id = x.created_by
      where ${condition} order by ${order}, x.id desc limit 50) p)`;

/** GET /leads with filters, against the same page and count with the condition written out. */
function list(
  what: string,
  filters: Record<string, string>,
  condition: string,
  sort = "created_at",
): Question {
  return {
    what: `GET /leads${what}`,
    ours: ({ organization }) =>
      `select public.list_leads('${organization}', '${
        JSON.stringify(filters)
      }', '-${sort}', 50, 0)`,
    baseline: (people, role) => page(`${reach(role, people)}${condition}`, `x.${sort} desc`),
    target: limit,
  };
}

const questions: Question[] = [
  list("", {}, ""),
  list("?status=…", { status: "qualified" }, " and x.status = 'qualified'"),
  list("?source=…", { source: "event" }, " and x.source = 'event'"),
  list("?assigned_to=none", { assigned_to: "none" }, " and x.assigned_to is null"),
  list("?tag=…", { tag: "hot" }, " and x.tags @> '{hot}'"),
  list("?sla=breached", { sla: "breached" }, " and x.sla_status = 'breached'"),
  list("?sort=-value", {}, "", "value"),
  list("?search=…", { search: "mensah 1234" }, " and x.search_text like '%mensah 1234%'"),
  {
    what: "GET /pipeline/summary",
    ours: ({ organization }) => `select public.pipeline_summary('${organization}')`,
    baseline: (people, role) =>
      `select status, count(*), sum(value) from public.leads x where ${
        reach(role, people)
      } group by status`,
    target: limit,
  },
  {
    what: "GET /dashboard/metrics",
    ours: ({ organization }) => `select public.dashboard_metrics('${organization}')`,
    baseline: (people, role) =>
      `select status, source, sla_status, count(*), sum(value), count(*) filter (where assigned_to is null)
       from public.leads x where ${reach(role, people)} group by status, source, sla_status`,
    target: limit,
  },
];

async function as<T>(
  sql: postgres.Sql,
  user: string | null,
  organization: string,
  work: (transaction: postgres.TransactionSql) => Promise<T>,
) {
  return await sql.begin(async (transaction) => {
    if (user !== null) {
      const claims = JSON.stringify({ sub: user, role: "authenticated" });
      const headers = JSON.stringify({ "x-organization-id": organization });
      await transaction`
        select set_config('request.jwt.claims', ${claims}, true), set_config('request.headers', ${headers}, true)`;
      await transaction`set local role authenticated`;
    }
    return await work(transaction);
  });
}

function milliseconds(sql: postgres.Sql, text: string, user: string | null, organization: string) {
  return as(sql, user, organization, async (transaction) => {
    const run = () => transaction.unsafe(text, [], { prepare: true });
    await run();
    return await timed(async () => {
      for (let i = 0; i < repeats; i++) await run();
    }) / repeats;
  });
}

/** The totals that the triggers would have kept, had they been on while the leads were loaded. */
async function countAll(sql: postgres.Sql): Promise<void> {
  await sql`select private.recount_leads()`;
}

async function run({ sql, say }: Bench) {
  say("loading 1,000,000 leads");
  const people = await loadLeads(sql, countAll);
  const rows: Row[] = [];
  for (const { what, ours, baseline, roles, target } of questions) {
    for (const role of roles ?? (["admin", "manager", "counselor"] as const)) {
      rows.push({
        what: `${what}, ${role}`,
        ...await alternate(
          rounds,
          () => milliseconds(sql, ours(people), people[role], people.organization),
          () => milliseconds(sql, baseline(people, role), null, people.organization),
        ),
        unit: "ms",
        ...(target && { target }),
      });
    }
  }
  return {
    rows,
    notes: [
      "1,000,000 leads in 20 organizations of 50,000, each with five teams of a manager and five counselors. Ours: the function " +
      "that the route calls, as role `authenticated`. Baseline: one hand-written statement for the same rows as the owner of the " +
      "tables, without row level security, with the caller's reach written out. Both inside the database.",
    ],
  };
}

/** What people who work with leads wait for at a million of them. */
export const leads: Benchmark = { title: "Leads", run };
