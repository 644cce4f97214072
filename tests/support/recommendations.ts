import { addClient } from "./clients.ts";
import { database } from "./db.ts";
import { call, expectStatus } from "./http.ts";
import type { Organization } from "./people.ts";

/** What is recommended for a client, as far as tests look at it. */
export interface Recommendation {
  id: string;
  title: string;
  play_key: string | null;
  state: string;
  impact: number;
  measured: boolean;
  decided_by_name: string | null;
}

/**
 * Has an organization count as trained, before it has clients: else the cron job could begin a training and a scoring at
 * any moment of the test.
 */
export async function withoutTraining(organization: Organization): Promise<void> {
  await database()`
    insert into private.churn_model_state (organization_id, finished_at) values (${organization.id}, now())
    on conflict do nothing`;
}

/** A client whom a scoring would leave in the highest band, for want of contact. */
export async function clientInHighestBand(organization: Organization): Promise<string> {
  await withoutTraining(organization);
  const { id } = await addClient(organization.admin, { amount: 200 });
  await database()`
    update public.client_risks set score = 70, band = 'critical', risk_theme = 'contact' where client_id = ${id}`;
  return id;
}

/** The same, and the finished scoring. */
export async function clientAtRisk(organization: Organization): Promise<string> {
  const id = await clientInHighestBand(organization);
  await database()`
    with model as (
      insert into public.churn_models (organization_id, number, method, confidence, reason, accepted, trained_on,
        features, intercept, metrics)
      values (${organization.id}, 1, 'rule', 'none', 'x', true, current_date,
        '[{"name": "mrr", "theme": "contract", "place": 15, "transform": "log", "mean": 0, "sd": 1, "coefficient": 0, "prior": 0}]',
        0, '{}') returning id
    ), state as (
      update private.churn_model_state s set active_model_id = m.id from model m
      where s.organization_id = ${organization.id}
    )
    insert into private.scoring_runs (organization_id, day, model_id, finished_at)
    select ${organization.id}, current_date, id, clock_timestamp() from model`;
  return id;
}

/** What is recommended for a client, as an admin sees it. */
export const recommendationsOf = async (
  organization: Organization,
  client: string,
): Promise<Recommendation[]> =>
  expectStatus<{ data: Recommendation[] }>(
    await call(organization.admin, "GET", `/clients/${client}/recommendations`),
    200,
  ).data;
