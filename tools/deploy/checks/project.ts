import { type Check, when } from "../finding.ts";
import { apiKeys } from "../management.ts";

/** The project itself: that it runs, its PostgreSQL, its plan. */
export const projectChecks: Check = async ({ management }) => {
  const project = await management.get<
    {
      status: string;
      organization_slug?: string;
      database?: { version?: string };
    }
  >("/projects/{ref}");
  const version = Number(project.database?.version?.split(".")[0] ?? 0);
  const findings = [
    when(
      project.status === "ACTIVE_HEALTHY",
      "the project runs",
      `Its status is ${project.status}: restore it in the dashboard.`,
    ),
    when(
      version >= 15,
      "PostgreSQL 15 or later",
      "Upgrade the database in the dashboard.",
    ),
  ];
  if (!project.organization_slug) return findings;
  const { plan } = await management.get<{ plan?: string }>(
    `/organizations/${project.organization_slug}`,
  );
  return [
    ...findings,
    when(
      plan !== "free",
      "a plan that does not pause",
      "The free plan pauses a project after a week without requests, keeps no daily backups, and ends functions after 150 s.",
      "advice",
    ),
  ];
};

/** The API keys that functions and jobs need. */
export const keyChecks: Check = async ({ management }) => {
  const keys = await apiKeys(management);
  return (["publishable", "secret"] as const).map((type) =>
    when(
      keys[type] !== undefined,
      `a ${type} API key`,
      `Make a ${type} key in the dashboard (API keys).`,
    )
  );
};

/** Which schemas the Data API serves. */
export const apiChecks: Check = async ({ management }) => {
  const { db_schema = "" } = await management.get<{ db_schema?: string }>(
    "/projects/{ref}/postgrest",
  );
  const schemas = db_schema.split(",").map((name) => name.trim());
  return [
    when(
      schemas.includes("public"),
      "the Data API serves public",
      'Add "public" to the exposed schemas.',
    ),
    when(
      !schemas.includes("private"),
      "the Data API keeps private closed",
      'Remove "private" from the exposed schemas.',
    ),
  ];
};

/** Whether Realtime refuses channels that no policy guards. */
export const realtimeChecks: Check = async ({ management }) => {
  const { private_only } = await management.get<
    { private_only?: boolean | null }
  >(
    "/projects/{ref}/config/realtime",
  );
  return [
    when(
      private_only === true,
      "Realtime allows private channels only",
      'Switch "Allow public access" off (Realtime, Settings).',
    ),
  ];
};
