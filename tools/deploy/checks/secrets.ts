import { type Check, type Finding, when } from "../finding.ts";

const REQUIRED_SECRETS = [
  "APP_URL",
  "CALLBACK_SIGNING_SECRET",
  "REQUEST_SIGNING_KEY",
];
const PROVIDERS: [string, string[]][] = [
  ["Twilio", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"]],
  ["Arkesel", ["ARKESEL_API_KEY"]],
];

/** The functions' secrets, those that are set and those that the file would set. */
export const secretChecks: Check = async ({ management, secrets }) => {
  const set = await management.get<{ name: string }[]>(
    "/projects/{ref}/secrets",
  );
  const names = new Set([
    ...set.map(({ name }) => name),
    ...Object.keys(secrets),
  ]);
  const hasMail = names.has("RESEND_API_KEY") || names.has("SMTP_HOST");
  const port = secrets["SMTP_PORT"];
  return [
    ...REQUIRED_SECRETS.map((name) =>
      when(
        names.has(name),
        `secret ${name}`,
        `Add ${name} to the file of secrets (docs/operations.md).`,
      )
    ),
    when(
      names.has("TRUSTED_IP_HEADER"),
      "secret TRUSTED_IP_HEADER",
      "Without it all people share one limit: anybody who fails to sign in as somebody often enough keeps that person out. " +
        "On hosted Supabase: TRUSTED_IP_HEADER=cf-connecting-ip.",
    ),
    when(
      names.has("TOKEN_SIGNING_KEY"),
      "secret TOKEN_SIGNING_KEY",
      "API keys and impersonation need a signing key of yours (docs/operations.md, signing keys).",
      "advice",
    ),
    when(
      hasMail,
      "a mail provider",
      "Set RESEND_API_KEY, or SMTP_HOST and its companions.",
      "advice",
    ),
    when(
      port === undefined || port === "465",
      "a port for mail that functions can reach",
      `Hosted functions cannot reach port ${port}: set SMTP_PORT=465 and SMTP_SECURE=true.`,
    ),
    ...PROVIDERS.map(([provider, wanted]) =>
      when(
        wanted.every((name) => names.has(name)),
        `credentials of ${provider}`,
        `Set ${wanted.join(" and ")}, or have each organization bring its own.`,
        "advice",
      )
    ),
    ...["REQUEST_SIGNING_KEY", "CALLBACK_SIGNING_SECRET"]
      .filter((name) => secrets[name] !== undefined)
      .map((name) =>
        when(
          (secrets[name] ?? "").length >= 32,
          `${name} of 32 characters`,
          `Make ${name} longer.`,
        )
      ),
  ];
};

interface Jwk {
  kty?: string;
  kid?: string;
  d?: string;
}

const jwkOf = (text: string): Jwk | null => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** Whether the project trusts what the signing key signs: otherwise each exchanged API key gets 401 everywhere. */
export const signingKeyChecks: Check = async (
  { secrets, projectUrl },
): Promise<Finding[]> => {
  const text = secrets["TOKEN_SIGNING_KEY"];
  if (text === undefined) return [];
  const key = jwkOf(text);
  const isPrivate = key?.kty === "EC" && Boolean(key.kid) && Boolean(key.d);
  const name = "TOKEN_SIGNING_KEY is a key of this project";
  if (!isPrivate) {
    return [
      when(false, name, "It must be a private JWK (ES256) with its kid."),
    ];
  }
  const response = await fetch(`${projectUrl}/auth/v1/.well-known/jwks.json`, {
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) {
    await response.body?.cancel();
    return [
      when(false, name, `The project's key set answers ${response.status}.`),
    ];
  }
  const { keys = [] }: { keys?: Jwk[] } = await response.json();
  return [
    when(
      keys.some(({ kid }) => kid === key?.kid),
      name,
      `The project's key set does not have ${key?.kid}: import the key (docs/operations.md, signing keys).`,
    ),
  ];
};
