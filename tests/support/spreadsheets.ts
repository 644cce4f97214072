import { database } from "./db.ts";
import { type AccountKey, newAccount, newSpreadsheet } from "./google.ts";
import { call, type Caller, expectStatus } from "./http.ts";
import { newOrganization, type Organization } from "./people.ts";
import { ended, readRun, type RunBody } from "./reports.ts";
import { until } from "./wait.ts";

/** An organization with leads that has connected a service account, and shared a spreadsheet with it. */
export interface ConnectedOffice extends Organization {
  account: AccountKey;
  spreadsheet: { id: string; url: string };
}

/** Connects an organization's Google Sheets as its admin does. */
export async function connectGoogle({ admin }: Organization): Promise<AccountKey> {
  const account = await newAccount();
  const { client_email, private_key } = account;
  const path = "/admin/integrations/google_sheets/connect";
  const body = { credentials: { client_email, private_key } };
  expectStatus(await call(admin, "POST", path, body), 200);
  return account;
}

/** An office with so many leads, whose values are their numbers. */
export async function connectedOffice(leads = 3): Promise<ConnectedOffice> {
  const organization = await newOrganization({ settings: { currency: "GHS" } });
  await database()`insert into public.leads (organization_id, first_name, source, value, currency, created_by)
    select ${organization.id}, 'Lead ' || i, case when i % 2 = 0 then 'web' else 'fair' end, i, 'GHS',
      ${organization.admin.userId} from generate_series(1, ${leads}::int) i`;
  const account = await connectGoogle(organization);
  return { ...organization, account, spreadsheet: await newSpreadsheet(account.client_email) };
}

/** Asks for a report in a spreadsheet and gives the id of the run. */
export async function exportSheet(
  caller: Caller,
  report_id: string,
  spreadsheet?: string,
): Promise<string> {
  const answer = await call(caller, "POST", "/reports/export", {
    report_id,
    format: "sheets",
    ...(spreadsheet === undefined ? {} : { spreadsheet }),
  });
  return expectStatus<{ run_id: string }>(answer, 202).run_id;
}

/** A report in a spreadsheet, when its run has ended. */
export const sheetExported = async (
  caller: Caller,
  report_id: string,
  spreadsheet?: string,
): Promise<RunBody> => await ended(caller, await exportSheet(caller, report_id, spreadsheet));

/** A run when it waits for Google. */
export async function paused(caller: Caller, id: string): Promise<RunBody> {
  return await until(async () => {
    const run = await readRun(caller, id);
    return run.paused_until !== null && run;
  }, { what: `a pause of the run ${id}` });
}

/** The time has come for which a run waits. */
export async function resume(id: string): Promise<void> {
  const sql = database();
  await sql`update private.report_run_work set not_before = now() where run_id = ${id}`;
  await sql`select private.invoke('report-jobs/run-reports')`;
}
