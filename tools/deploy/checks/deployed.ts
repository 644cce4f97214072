import { functionNames } from "../function_names.ts";
import { type Check, when } from "../finding.ts";

interface DeployedFunction {
  slug: string;
  status?: string;
  verify_jwt?: boolean;
}

/** The functions, as `supabase functions deploy` leaves them: all of them, and each checks tokens itself. */
export const functionChecks: Check = async ({ management }) => {
  const deployed = new Map(
    (await management.get<DeployedFunction[]>("/projects/{ref}/functions"))
      .map((one) => [one.slug, one]),
  );
  const names = functionNames();
  const gone = names.filter((name) => deployed.get(name)?.status !== "ACTIVE");
  const closed = names.filter((name) => deployed.get(name)?.verify_jwt === true);
  return [
    when(
      gone.length === 0,
      "all functions are deployed",
      `Not active: ${gone.join(", ")}. Deploy again.`,
    ),
    when(
      closed.length === 0,
      "functions check tokens themselves",
      `The platform refuses API keys and providers before ${closed.join(", ")}: ` +
        "deploy with supabase/config.toml, which switches verify_jwt off.",
    ),
  ];
};

/** The secrets of the file, in the functions' environment. */
export const deployedSecretChecks: Check = async ({ management, secrets }) => {
  const set = new Set(
    (await management.get<{ name: string }[]>("/projects/{ref}/secrets")).map(({ name }) => name),
  );
  const gone = Object.keys(secrets).filter((name) => !set.has(name));
  return [when(gone.length === 0, "all secrets are set", `Not set: ${gone.join(", ")}.`)];
};
