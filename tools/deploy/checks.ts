import { authChecks } from "./checks/auth.ts";
import { databaseChecks } from "./checks/database.ts";
import { apiChecks, keyChecks, projectChecks, realtimeChecks } from "./checks/project.ts";
import { secretChecks, signingKeyChecks } from "./checks/secrets.ts";
import { type CheckContext, type Finding, missing } from "./finding.ts";
import type { Management } from "./management.ts";

/** Whether Signalbox's schemas are in the database already. */
export async function isFirstDeployment(
  management: Management,
): Promise<boolean> {
  const [row] = await management.query<{ there: boolean }>(
    "select to_regclass('private.jobs') is not null as there",
  );
  return row?.there !== true;
}

/** Everything that can be known before anything is changed. */
export async function runChecks(context: CheckContext): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (
    const check of [
      ...[projectChecks, keyChecks, secretChecks, signingKeyChecks, authChecks],
      ...[apiChecks, realtimeChecks, databaseChecks],
    ]
  ) {
    try {
      findings.push(...await check(context));
    } catch (error) {
      findings.push(
        missing(
          "an answer of the Management API",
          error instanceof Error ? error.message : String(error),
        ),
      );
    }
  }
  return findings;
}
