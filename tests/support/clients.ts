import { call, type Caller, expectStatus } from "./http.ts";

/** A client as the API shows it, as far as tests look at it. */
export interface ClientBody {
  id: string;
  version: number;
  name: string;
  segment: string;
  segment_label: string | null;
  region: string | null;
  external_id: string | null;
  phone: string | null;
  email: string | null;
  stated_risk: string | null;
  custom_fields: Record<string, unknown>;
  owner_id: string | null;
  team_id: string | null;
  status: string;
  since: string | null;
  mrr: string;
  currency: string;
  leaves_on: string | null;
  notice_on: string | null;
  last_interaction_at: string | null;
  score: number | null;
  band: string | null;
  contacts: ContactBody[];
  churn_risk: string | null;
  churn_trend: string | null;
  churn_trend_days: number | null;
  monthly_revenue: string;
  created_by_name: string | null;
  deleted_at: string | null;
}

export interface ContactBody {
  id: string;
  name: string;
  role: string | null;
  email: string | null;
  phone: string | null;
  is_primary: boolean;
  left_on: string | null;
}

/** A page of clients. */
export interface ClientPage {
  data: ClientBody[];
  total: number;
}

/** Adds a client over HTTP. */
export async function addClient(
  session: Caller,
  fields: Record<string, unknown> = {},
): Promise<ClientBody> {
  return expectStatus(
    await call(session, "POST", "/clients", { name: "Volta Foods", ...fields }),
    201,
  );
}

/** A client as the API shows it now. */
export async function readClient(session: Caller, id: string): Promise<ClientBody> {
  return expectStatus(await call(session, "GET", `/clients/${id}`), 200);
}

/** Records a movement of a client: mrr, churn, notice, reactivate, pause or resume. */
export async function move(
  session: Caller,
  id: string,
  movement: string,
  body: Record<string, unknown> = {},
): Promise<ClientBody> {
  return expectStatus(await call(session, "POST", `/clients/${id}/${movement}`, body), 200);
}

/** The day so many days from now, in UTC, which is the calendar of the organizations of tests. */
export const dayFromNow = (days: number): string =>
  new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
