import { z } from "../_shared/zod.ts";
import type { Client } from "../_shared/clients.ts";
import type { GoogleError } from "../_shared/google/error.ts";
import type { ServiceAccount } from "../_shared/google/token.ts";
import { ensure, unwrap } from "../_shared/problem.ts";

/** The type of the integration whose account writes. */
export const integrationType = "google_sheets";

/** A run of an organization that this runner has. */
export interface SheetHolder {
  db: Client;
  runner: string;
  run: { id: string; organization_id: string };
}

/** Records whether the account works: null, or why not. */
async function record({ db, run }: SheetHolder, error: string | null): Promise<void> {
  ensure(
    await db.rpc("record_integration_result", {
      organization_id: run.organization_id,
      integration_type: integrationType,
      // The generated types know no arguments that may be null.
      error: error as string,
    }),
  );
}

const Finished = z.object({ state: z.string() });

/** Ends a run that readers see. Answers its state. */
export async function endSheet(holder: SheetHolder, tab_id: number): Promise<string> {
  const { db, runner, run } = holder;
  await record(holder, null);
  const answer = await db.rpc("finish_spreadsheet_run", { run_id: run.id, runner, tab_id });
  return Finished.parse(unwrap(answer)).state;
}

/** Ends a run that cannot be written. */
export async function failSheet(
  { db, runner, run }: SheetHolder,
  { reason, detail }: { reason: string; detail: string },
): Promise<string> {
  ensure(await db.rpc("fail_report_run", { run_id: run.id, runner, reason, detail }));
  return "failed";
}

const reasons = {
  credentials: "google_refused",
  not_shared: "spreadsheet_not_shared",
  storage: "spreadsheet_full",
  invalid: "spreadsheet_rejected",
} as const;

/** A pause is none of the run's fault, however many there are: it goes on later. Anything else ends it with a reason. */
export async function afterFailure(
  holder: SheetHolder,
  { failure, message, retryAfterSeconds }: GoogleError,
  { client_email }: ServiceAccount,
): Promise<string> {
  const { db, runner, run } = holder;
  if (failure === "pause") {
    const seconds = retryAfterSeconds ?? 0;
    ensure(await db.rpc("pause_report_run", { run_id: run.id, runner, seconds, detail: message }));
    return "paused";
  }
  if (failure === "credentials") await record(holder, message);
  const detail = failure === "not_shared"
    ? `The spreadsheet does not exist, or is not shared with ${client_email} as editor.`
    : message;
  return await failSheet(holder, { reason: reasons[failure], detail });
}
