import assert from "node:assert/strict";
import { addCustomer, type CustomerBody, utility } from "../support/customers.ts";
import { withDatabase } from "../support/db.ts";
import { call, type Caller, expectStatus } from "../support/http.ts";
import { withinOneDay } from "../support/one_day.ts";
import { ordinaryNumber } from "../support/texts.ts";
import { until } from "../support/wait.ts";

interface Day {
  date: string;
  connect: number;
  disconnect: number;
  warn: number;
  sms_sent: number;
}

interface Figures {
  total_customers: number;
  by_status: Record<string, number>;
  total_arrears: string;
  recent_actions: {
    id: string;
    customer_name: string;
    action: string;
    performed_by_name: string;
  }[];
  actions_today: number;
  sms: Record<string, number>;
  actions_by_day: Day[];
}

const dashboard = async (session: Caller): Promise<Figures> =>
  expectStatus(await call(session, "GET", "/customers/dashboard/data"), 200);

/** The same figures, counted from the rows themselves. */
async function recount(organizationId: string): Promise<Figures> {
  return await withDatabase((sql) =>
    sql.begin("isolation level repeatable read", async (sql) => {
      const [totals] = await sql<{ n: number; arrears: string }[]>`
        select count(*)::int as n, coalesce(sum(arrears), 0)::numeric(20, 2)::text as arrears
        from public.customers where organization_id = ${organizationId}`;
      const statuses = await sql<{ status: string; n: number }[]>`
        select status, count(*)::int as n from public.customers
        where organization_id = ${organizationId} group by 1`;
      const texts = await sql<{ status: string; n: number }[]>`
        select case status when 'undelivered' then 'failed' else status end as status, count(*)::int as n
        from public.messages where organization_id = ${organizationId} and direction = 'outbound' group by 1`;
      const days = await sql<Day[]>`
        select d::date::text as date, ${
        sql.unsafe(
          ["connect", "disconnect", "warn", "sms_sent"]
            .map((kind) => `count(*) filter (where a.action = '${kind}')::int as ${kind}`).join(
              ", ",
            ),
        )
      }
        from public.organizations o
        cross join generate_series((now() at time zone o.time_zone)::date - 29,
          (now() at time zone o.time_zone)::date, interval '1 day') d
        left join public.customer_actions a on a.organization_id = o.id
          and (a.created_at at time zone o.time_zone)::date = d::date
        where o.id = ${organizationId} group by d order by d`;
      const recent = await sql<Figures["recent_actions"]>`
        select a.id, c.name as customer_name, a.action, p.full_name as performed_by_name
        from public.customer_actions a join public.customers c on c.id = a.customer_id
        left join public.profiles p on p.id = a.performed_by
        where a.organization_id = ${organizationId} order by a.id desc limit 10`;
      const today = days.at(-1);
      const sms = { queued: 0, sending: 0, sent: 0, delivered: 0, failed: 0, suppressed: 0 };
      return {
        total_customers: totals?.n ?? 0,
        by_status: {
          connected: 0,
          disconnected: 0,
          warned: 0,
          ...Object.fromEntries(statuses.map(({ status, n }) => [status, n])),
        },
        total_arrears: totals?.arrears ?? "",
        recent_actions: recent.map((row) => ({ ...row })),
        actions_today: today ? today.connect + today.disconnect + today.warn + today.sms_sent : 0,
        sms: { ...sms, ...Object.fromEntries(texts.map(({ status, n }) => [status, n])) },
        actions_by_day: days.map((day) => ({ ...day })),
      };
    })
  );
}

async function assertCounted(
  session: Caller,
  organizationId: string,
  when: string,
  zone = "Africa/Accra",
) {
  await withinOneDay([zone], async () => {
    const shown = await dashboard(session);
    const recent_actions = shown.recent_actions.map((
      { id, customer_name, action, performed_by_name },
    ) => ({ id, customer_name, action, performed_by_name }));
    assert.deepEqual({ ...shown, recent_actions }, await recount(organizationId), when);
  });
}

const fold = () => withDatabase((sql) => sql`select private.roll_up_counters()`);

Deno.test("The dashboard of an organization without customers shows zeros and thirty days", async () => {
  const { organization, clerk } = await utility();
  const figures = await dashboard(clerk);
  assert.deepEqual([figures.total_customers, figures.total_arrears, figures.recent_actions], [
    0,
    "0.00",
    [],
  ]);
  assert.equal(figures.actions_by_day.length, 30);
  await assertCounted(clerk, organization.id, "with nothing in it");
});

Deno.test("The dashboard equals a recount after a mixed history with many writers at once", async () => {
  const [{ organization, clerk }, other] = [await utility(), await utility()];
  const customers = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      addCustomer(clerk, {
        arrears: `${index * 10 - 30}.5`,
        phone: ordinaryNumber(),
        status: index % 4 === 0 ? "disconnected" : "connected",
      })),
  );
  await addCustomer(other.clerk, { arrears: "1000000" });
  await assertCounted(clerk, organization.id, "after adding customers");
  const kinds = ["connect", "disconnect", "warn"];
  const at = (index: number) => customers[index % customers.length]?.id ?? "";
  const work = [
    ...Array.from(
      { length: 15 },
      (_, n) => call(clerk, "POST", "/actions", { customer_id: at(n), action: kinds[n % 3] }),
    ),
    ...customers.slice(0, 6).map(({ id }, n) =>
      call(clerk, "PUT", `/customers/${id}`, { arrears: `${n}.25`, status: "warned" })
    ),
    ...customers.slice(9).map(({ id }) => call(clerk, "DELETE", `/customers/${id}`)),
    call(clerk, "POST", "/actions/batch", {
      actions: customers.slice(0, 8).map(({ id }, n) => ({
        customer_id: id,
        action: kinds[n % 3],
      })),
    }),
    call(clerk, "POST", "/upload/process-batch", {
      action: "warn",
      send_sms: true,
      customers: customers.slice(2, 6).map(({ name, account_number, phone }) => ({
        name,
        account_number,
        phone,
        arrears: 99,
      })),
    }),
    fold(),
  ];
  const answers = await Promise.all(work);
  const faults = answers.filter((answer) => "body" in answer && answer.status >= 500);
  assert.deepEqual(faults, [], "nobody is answered with a fault");
  await until(async () => {
    const { queued, sending, sent } = (await dashboard(clerk)).sms;
    return [queued, sending, sent].every((count) => count === 0);
  }, { what: "the texts to settle" });
  await assertCounted(clerk, organization.id, "after the mixed history");
  await Promise.all([fold(), fold()]);
  await assertCounted(clerk, organization.id, "after folding the totals");
  await addCustomer(clerk, { arrears: "0.01" });
  await assertCounted(clerk, organization.id, "after a further customer");
});

Deno.test("Today and the thirty days are those of the organization's time zone, and change with it", async () => {
  const { organization, clerk } = await utility();
  const { id }: CustomerBody = await addCustomer(clerk);
  // Every three hours through the last 32 days, so that each zone's midnight has actions on both sides.
  await withDatabase((sql) =>
    sql`insert into public.customer_actions (organization_id, customer_id, action, created_at, performed_by)
      select ${organization.id}, ${id}, (array['connect', 'disconnect', 'warn'])[1 + n % 3],
        now() - n * interval '3 hours', ${clerk.userId} from generate_series(0, 255) n`
  );
  for (
    const zone of [
      "Africa/Accra",
      "Pacific/Kiritimati",
      "Pacific/Pago_Pago",
      "Asia/Kathmandu",
      "America/New_York",
    ]
  ) {
    const { error } = await organization.admin.client.from("organizations")
      .update({ time_zone: zone }).eq("id", organization.id);
    assert.equal(error, null);
    await assertCounted(clerk, organization.id, `in ${zone}`, zone);
    await withinOneDay([zone], async () => {
      const today = (await dashboard(clerk)).actions_by_day.at(-1)?.date;
      const day = new Date().toLocaleDateString("sv", { timeZone: zone });
      assert.equal(today, day, `today in ${zone}`);
    });
  }
});
