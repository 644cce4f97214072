import { authChecks } from "./checks/auth.ts";
import { databaseChecks, deployedDatabaseChecks } from "./checks/database.ts";
import { deployedSecretChecks, functionChecks } from "./checks/deployed.ts";
import { apiChecks, keyChecks, projectChecks, realtimeChecks } from "./checks/project.ts";
import { secretChecks, signingKeyChecks } from "./checks/secrets.ts";
import { type Check, type CheckContext, type Finding, missing } from "./finding.ts";
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

async function findingsOf(checks: Check[], context: CheckContext): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of checks) {
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

/** Everything that can be known before anything is changed. */
export const runChecks = (context: CheckContext): Promise<Finding[]> =>
  findingsOf([
    ...[projectChecks, keyChecks, secretChecks, signingKeyChecks, authChecks],
    ...[apiChecks, realtimeChecks, databaseChecks],
  ], context);

/** Whether what a deployment pushed, set and scheduled is there. */
export const runDeployedChecks = (context: CheckContext): Promise<Finding[]> =>
  findingsOf([deployedSecretChecks, functionChecks, deployedDatabaseChecks], context);
