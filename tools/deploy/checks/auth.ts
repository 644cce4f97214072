import { type Check, when } from "../finding.ts";

interface AuthConfig {
  mailer_autoconfirm?: boolean;
  smtp_host?: string | null;
  rate_limit_email_sent?: number;
  rate_limit_token_refresh?: number;
  rate_limit_verify?: number;
  rate_limit_otp?: number;
  security_sb_forwarded_for_enabled?: boolean;
  site_url?: string;
}

/** The platform's defaults: below them an office behind one address is refused. E-mails: it has 30 with a mail server of its own. */
const LIMITS: [
  | "rate_limit_email_sent"
  | "rate_limit_token_refresh"
  | "rate_limit_verify"
  | "rate_limit_otp",
  number,
  string,
][] = [
  ["rate_limit_email_sent", 30, "e-mails an hour"],
  [
    "rate_limit_token_refresh",
    150,
    "sign-ins and renewed sessions in 5 minutes",
  ],
  ["rate_limit_verify", 30, "confirmations in 5 minutes"],
  ["rate_limit_otp", 30, "registrations and recoveries in 5 minutes"],
];

/** Auth: confirmation, mail server, limits and addresses. */
export const authChecks: Check = async ({ management, secrets }) => {
  const config = await management.get<AuthConfig>(
    "/projects/{ref}/config/auth",
  );
  const app = secrets["APP_URL"];
  return [
    when(
      config.mailer_autoconfirm !== true,
      "Auth confirms addresses",
      'Switch "Confirm email" on: otherwise anybody registers with anybody\'s address.',
    ),
    when(
      Boolean(config.smtp_host),
      "Auth has a mail server",
      "Enter SMTP settings for Auth: without, it mails the project's team only, a few an hour.",
    ),
    ...LIMITS.map(([setting, least, what]) =>
      when(
        (config[setting] ?? 0) >= least,
        `Auth's limit of ${what}`,
        `Raise Auth's limit of ${what} to ${least} or more (Auth, Rate limits).`,
        "advice",
      )
    ),
    when(
      config.security_sb_forwarded_for_enabled === true,
      "IP address forwarding",
      'Switch "IP address forwarding" on (Auth, Rate limits): otherwise all people share one limit.',
    ),
    ...(app
      ? [
        when(
          config.site_url === app,
          "Auth's site URL",
          `Auth's site URL is ${config.site_url}, APP_URL is ${app}.`,
          "advice",
        ),
      ]
      : []),
  ];
};
