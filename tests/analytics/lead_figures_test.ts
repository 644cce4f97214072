import assert from "node:assert/strict";
import { newApiKey } from "../support/api_keys.ts";
import { database } from "../support/db.ts";
import { dice, pick, SEED } from "../support/dice.ts";
import { call, type Caller, expectStatus } from "../support/http.ts";
import { addMember, addMembers, newOrganization, newTeam } from "../support/people.ts";
import { newReportOffice, type ReportOffice } from "../support/report_office.ts";
import { stagesOf } from "../support/stages.ts";

interface LeadRow {
  id: string;
  day: string;
  source: string;
  status: string;
  outcome: string | null;
  team_id: string | null;
  assigned_to: string | null;
  created_by: string | null;
  currency: string;
  value: string;
  stages: string[];
}

interface FiguresBody {
  total_leads: number;
  enrollments: number;
  lost: number;
  active_pipeline: number;
  conversion_rate: number | null;
  values: { currency: string; total: string; won: string; open: string }[];
}

const zone = "Asia/Kathmandu";
const dayMs = 86_400_000;

/** A local day so many days after another one. */
const shifted = (day: string, days: number) =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);

const rate = (part: number, whole: number) =>
  whole === 0 ? null : Math.round(part / whole * 10_000) / 10_000;

async function get<T>(caller: Caller, path: string): Promise<T> {
  return expectStatus<T>(await call(caller, "GET", path), 200);
}

/** The office's leads with the stages that each has ever been in, by its history. */
async function leadsOf(office: ReportOffice): Promise<LeadRow[]> {
  return await database()<LeadRow[]>`
    select l.id, (l.created_at at time zone ${zone})::date::text as day, l.source, l.status, l.outcome, l.team_id,
      l.assigned_to, l.created_by, l.currency, l.value::text,
      array(select unnest(array[h.from_status, h.to_status]) from public.lead_history h where h.lead_id = l.id)
        || l.status as stages
    from public.leads l where l.organization_id = ${office.id} and l.deleted_at is null`;
}

/** Moves leads to and fro, takes some away and gives some back. */
async function changeLeads(office: ReportOffice, roll: (below: number) => number) {
  const sql = database();
  const stages = (await stagesOf(office.admin)).map(({ key }) => key);
  const leads = await sql<{ id: string }[]>`
    select id from public.leads where organization_id = ${office.id} order by last_name`;
  for (let step = 0; step < 60; step++) {
    const { id } = pick(roll, leads);
    const status = pick(roll, stages);
    if (roll(6) === 0) await sql`update public.leads set deleted_at = now() where id = ${id}`;
    else {
      await sql`
        with moved as (
          update public.leads l set status = ${status} from public.leads old
          where l.id = ${id} and old.id = l.id and old.status <> ${status}
          returning l.organization_id, l.id, old.status)
        insert into public.lead_history (organization_id, lead_id, from_status, to_status)
        select organization_id, id, status, ${status} from moved`;
    }
    if (roll(20) === 0) await sql`select private.roll_up_counters()`;
  }
}

function figuresOf(leads: LeadRow[]): FiguresBody {
  const having = (outcome: string | null) => leads.filter((lead) => lead.outcome === outcome);
  const sum = (some: LeadRow[], currency: string) =>
    some.filter((lead) => lead.currency === currency)
      .reduce((total, lead) => total + Math.round(Number(lead.value) * 100), 0) / 100;
  const won = having("won");
  return {
    total_leads: leads.length,
    enrollments: won.length,
    lost: having("lost").length,
    active_pipeline: having(null).length,
    conversion_rate: rate(won.length, leads.length),
    values: [...new Set(leads.map(({ currency }) => currency))].sort().map((currency) => ({
      currency,
      total: sum(leads, currency).toFixed(2),
      won: sum(won, currency).toFixed(2),
      open: sum(having(null), currency).toFixed(2),
    })),
  };
}

/** Those of the figures that `figuresOf` gives. */
function bare(body: FiguresBody): FiguresBody {
  const { total_leads, enrollments, lost, active_pipeline, conversion_rate, values } = body;
  return { total_leads, enrollments, lost, active_pipeline, conversion_rate, values };
}

const seed = SEED;

Deno.test(`Every figure of leads is what a count of the leads in scope gives, for each role (seed ${seed})`, async () => {
  const roll = dice(seed);
  const office = await newReportOffice(roll, { zone, leads: 120 });
  await changeLeads(office, roll);
  const all = await leadsOf(office);
  const stages = (await stagesOf(office.admin)).filter(({ outcome }) => outcome !== "lost");
  const teams = await database()<{ user_id: string; team_id: string | null }[]>`
    select user_id, team_id from public.memberships where organization_id = ${office.id}`;
  const teamOf = (id: string) => teams.find(({ user_id }) => user_id === id)?.team_id ?? null;
  const owns = (id: string) => (lead: LeadRow) => lead.assigned_to === id || lead.created_by === id;
  const inScope: [Caller, (lead: LeadRow) => boolean][] = [
    [office.admin, () => true],
    [
      office.manager,
      (lead) => lead.team_id === teamOf(office.manager.userId) || owns(office.manager.userId)(lead),
    ],
    [office.counselor, owns(office.counselor.userId)],
  ];
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date());
  for (const [caller, sees] of inScope) {
    for (let round = 0; round < 4; round++) {
      const to = shifted(today, -roll(20));
      const days = 1 + roll(80);
      const from = shifted(to, 1 - days);
      const period = `date_from=${from}&date_to=${to}`;
      const seen = all.filter(sees);
      const cohort = seen.filter(({ day }) => day >= from && day <= to);

      const source = pick(roll, ["fair", "website", "facebook"]);
      const holder = pick(roll, [office.manager, office.counselor, office.stranger]).userId;
      const kpis = await get<FiguresBody & { previous: FiguresBody }>(
        caller,
        `/analytics/kpis?${period}`,
      );
      assert.deepEqual(bare(kpis), figuresOf(cohort));
      const before = seen.filter(({ day }) => day >= shifted(from, -days) && day < from);
      assert.deepEqual(bare(kpis.previous), figuresOf(before));
      const narrow = await get<FiguresBody>(
        caller,
        `/analytics/kpis?${period}&source=${source}&status=won&assigned_to=${holder}`,
      );
      assert.deepEqual(
        bare(narrow),
        figuresOf(
          cohort.filter((lead) =>
            lead.source === source && lead.status === "won" && lead.assigned_to === holder
          ),
        ),
      );

      const volume = await get<{ date: string; count: number; enrolled: number }[]>(
        caller,
        `/analytics/lead-volume?${period}`,
      );
      assert.deepEqual(
        volume.map(({ date, count, enrolled }) => [date, count, enrolled]),
        Array.from({ length: days }, (_, n) => shifted(from, n)).map((day) => {
          const created = cohort.filter((lead) => lead.day === day);
          return [day, created.length, created.filter(({ outcome }) => outcome === "won").length];
        }),
      );
      const weeks = await get<{ count: number }[]>(
        caller,
        `/analytics/lead-volume?${period}&granularity=week`,
      );
      assert.equal(weeks.reduce((sum, { count }) => sum + count, 0), cohort.length);

      const funnel = await get<
        { stage: string; count: number; percentage: number | null; drop_off_rate: number | null }[]
      >(caller, `/analytics/funnel?${period}&source=${source}`);
      const entered = cohort.filter((lead) => lead.source === source);
      const reached = stages.map(({ position }, at) =>
        at === 0
          ? entered.length
          : entered.filter((lead) =>
            stages.some((stage) => stage.position >= position && lead.stages.includes(stage.key))
          ).length
      );
      assert.deepEqual(
        funnel.map(({ stage, count, percentage, drop_off_rate }) => ({
          stage,
          count,
          percentage,
          drop_off_rate,
        })),
        stages.map(({ key }, at) => {
          const count = reached[at] ?? 0;
          const next = reached[at + 1];
          return {
            stage: key,
            count,
            percentage: entered.length === 0
              ? null
              : Math.round(count / entered.length * 10_000) / 100,
            drop_off_rate: next === undefined ? null : rate(count - next, count),
          };
        }),
      );

      const sources = await get<
        { source: string; total_leads: number; enrolled: number; conversion_rate: number | null }[]
      >(caller, `/analytics/conversion-by-source?${period}`);
      for (const row of sources) {
        const those = cohort.filter((lead) => lead.source === row.source);
        const won = those.filter(({ outcome }) => outcome === "won").length;
        assert.deepEqual(
          [row.total_leads, row.enrolled, row.conversion_rate],
          [those.length, won, rate(won, those.length)],
        );
      }
      assert.equal(sources.length, new Set(cohort.map((lead) => lead.source)).size);

      const people = await get<{ user_id: string; total_leads: number; enrolled: number }[]>(
        caller,
        `/analytics/counselor-performance?${period}`,
      );
      for (const { userId } of [office.manager, office.counselor, office.stranger]) {
        const held = cohort.filter(({ assigned_to }) => assigned_to === userId);
        const row = people.find(({ user_id }) => user_id === userId);
        assert.deepEqual(
          [row?.total_leads ?? 0, row?.enrolled ?? 0],
          [held.length, held.filter(({ outcome }) => outcome === "won").length],
        );
      }
    }
  }
});

Deno.test("Interactions are counted of people in the caller's scope only, also when others hold leads in it", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const [manager, mate] = await addMembers(organization, [
    { role: "manager" },
    { role: "counselor" },
  ]);
  assert(manager && mate);
  const other = await addMember(organization, "counselor");
  await newTeam(organization, [manager, mate], "North");
  const sql = database();
  for (const { userId } of [mate, other]) {
    await sql`
      with lead as (
        insert into public.leads (organization_id, first_name, assigned_to, created_by)
        values (${organization.id}, 'Ama', ${userId}, ${manager.userId}) returning organization_id, id
      )
      insert into public.interactions (organization_id, lead_id, type, created_by)
      select organization_id, id, 'call', ${userId} from lead`;
  }
  const interactions = async (caller: Caller) => {
    const people = await get<{ user_id: string; total_leads: number; interactions: number }[]>(
      caller,
      "/analytics/counselor-performance",
    );
    return [mate, other].map(({ userId }) => {
      const row = people.find(({ user_id }) => user_id === userId);
      return [row?.total_leads, row?.interactions];
    });
  };
  assert.deepEqual(await interactions(admin), [[1, 1], [1, 1]]);
  assert.deepEqual(await interactions(manager), [[1, 1], [1, null]]);
});

Deno.test("A lead that jumped has reached the stages before it, and keeps them when it goes back or is lost", async () => {
  const { admin } = await newOrganization();
  const lead = expectStatus<{ id: string }>(
    await call(admin, "POST", "/leads", { first_name: "Ama", source: "fair" }),
    201,
  );
  const keys = (await stagesOf(admin)).map(({ key, outcome }) => ({ key, outcome }));
  const open = keys.filter(({ outcome }) => outcome === null).map(({ key }) => key);
  const far = open.at(-1) ?? "";
  const lost = keys.find(({ outcome }) => outcome === "lost")?.key ?? "";
  for (const status of [far, open[0] ?? "", lost]) {
    expectStatus(await call(admin, "PATCH", `/leads/${lead.id}/status`, { status }), 200);
  }
  const funnel = await get<{ stage: string; count: number }[]>(admin, "/analytics/funnel");
  const reached = funnel.filter(({ count }) => count === 1).map(({ stage }) => stage);
  assert.deepEqual(reached, open);
  assert.equal(funnel.find(({ stage }) => stage === lost), undefined);
});

Deno.test("When a stage is removed, its leads have reached the one before it", async () => {
  const { admin, id } = await newOrganization();
  const stages = await stagesOf(admin);
  const open = stages.filter(({ outcome }) => outcome === null);
  const far = open.at(-1)?.key ?? "";
  const before = open.at(-2)?.key ?? "";
  await database()`insert into public.leads (organization_id, first_name, status) values (${id}, 'Esi', ${far})`;
  await database()`update public.leads set status = 'new' where organization_id = ${id}`;
  const remaining = stages.filter(({ key }) => key !== far).map((
    { key, label, outcome, sla_minutes },
  ) => ({ key, label, outcome, sla_minutes }));
  expectStatus(await call(admin, "PUT", "/pipeline/stages", { stages: remaining }), 200);
  const funnel = await get<{ stage: string; count: number }[]>(admin, "/analytics/funnel");
  assert.deepEqual(
    funnel.filter(({ count }) => count === 1).map(({ stage }) => stage),
    open.slice(0, -1).map(({ key }) => key),
  );
  assert.equal(funnel.find(({ stage }) => stage === before)?.count, 1);
});

Deno.test("A dashboard that polls is answered with 304 until a figure changes", async () => {
  const { admin, id } = await newOrganization();
  const first = await call(admin, "GET", "/analytics/kpis");
  expectStatus(first, 200);
  const headers = { "if-none-match": first.headers.get("etag") ?? "" };
  assert.equal((await call(admin, "GET", "/analytics/kpis", undefined, headers)).status, 304);
  await database()`insert into public.leads (organization_id, first_name) values (${id}, 'New')`;
  const changed = await call(admin, "GET", "/analytics/kpis", undefined, headers);
  assert.equal(expectStatus<{ total_leads: number }>(changed, 200).total_leads, 1);
});

Deno.test("Weeks begin on the organization's first weekday, and incomplete ones say so", async () => {
  const { admin } = await newOrganization();
  expectStatus(await call(admin, "PATCH", "/reports/settings", { first_weekday: 7 }), 200);
  const weeks = await get<{ date: string; partial: boolean }[]>(
    admin,
    "/analytics/lead-volume?date_from=2026-03-03&date_to=2026-03-21&granularity=week",
  );
  assert.deepEqual(weeks.map(({ date, partial }) => [date, partial]), [
    ["2026-03-01", true],
    ["2026-03-08", false],
    ["2026-03-15", false],
  ]);
});

Deno.test("A period that runs backwards or is longer than two years is refused by field", async () => {
  const { admin } = await newOrganization();
  for (
    const query of [
      "date_from=2026-03-03&date_to=2026-03-01",
      "date_from=2020-03-03&date_to=2026-03-01",
      "date_from=2026-02-30",
    ]
  ) {
    for (
      const name of [
        "kpis",
        "lead-volume",
        "funnel",
        "conversion-by-source",
        "counselor-performance",
      ]
    ) {
      const answer = await call(admin, "GET", `/analytics/${name}?${query}`);
      assert.equal(answer.status, 422, `${name}?${query}`);
    }
  }
});

Deno.test("Alerts are those of the caller's scope, the most severe first, and need no permission on what they omit", async () => {
  const organization = await newOrganization();
  const [counselor, other] = await addMembers(organization, [
    { role: "counselor" },
    { role: "counselor" },
  ]);
  assert(counselor && other);
  const sql = database();
  const [late] = await sql<{ id: string }[]>`
    insert into public.leads (organization_id, first_name, assigned_to)
    values (${organization.id}, 'Late', ${counselor.userId}) returning id`;
  await sql`update public.leads set sla_status = 'breached', sla_next_at = null, sla_breached_at = now()
    where id = ${late?.id ?? ""}`;
  await sql`insert into public.leads (organization_id, first_name) values (${organization.id}, 'Nobody''s')`;
  await sql`insert into public.tasks (organization_id, title, assigned_to, created_by, due_at)
    values (${organization.id}, 'Call', ${counselor.userId}, ${counselor.userId}, now() - interval '1 day')`;
  const types = async (caller: Caller) =>
    (await get<{ type: string; link: string }[]>(caller, "/analytics/alerts"))
      .map(({ type, link }) => [type, link]);
  assert.deepEqual(await types(counselor), [
    ["lead_overdue", `/leads/${late?.id}`],
    ["tasks_overdue", "/tasks?overdue=true&assigned_to=me"],
  ]);
  assert.deepEqual(await types(other), []);
  assert.deepEqual((await types(organization.admin)).map(([type]) => type), [
    "lead_overdue",
    "leads_unassigned",
  ]);
  const [hook] = await sql<{ id: string }[]>`insert into public.webhook_endpoints
      (organization_id, url, events, status, disabled_reason, disabled_at)
    values (${organization.id}, 'https://hooks.example/a', '{*}', 'disabled', 'failing', now()),
      (${organization.id}, 'https://hooks.example/b', '{*}', 'active', null, null) returning id`;
  const key = await newApiKey(organization, "viewer");
  await sql`update public.api_keys set expires_at = now() + interval '10 days' where id = ${key.key_id}`;
  assert.deepEqual(
    (await types(organization.admin)).filter(([, link]) => link?.startsWith("/integrations/")),
    [
      ["webhook_disabled", `/integrations/webhooks/${hook?.id}`],
      ["api_key_expiring", `/integrations/api-keys/${key.key_id}`],
    ],
  );
  assert.equal((await types(counselor)).length, 2, "who manages no integrations hears of none");
  await sql`update public.leads set sla_responded_at = now() where id = ${late?.id ?? ""}`;
  assert.deepEqual(
    (await types(counselor)).map(([type]) => type),
    ["tasks_overdue"],
    "a response that came late is not overdue any more",
  );
});
