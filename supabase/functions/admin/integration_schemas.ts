import { z } from "../_shared/zod.ts";
import { isoTime, Timestamp } from "../_shared/fields.ts";
import { isPlain, plainMessage } from "../_shared/plain_text.ts";
import { ServiceAccount } from "../_shared/google/token.ts";

export const types = ["twilio", "arkesel", "smtp", "resend", "google_sheets"] as const;
export type IntegrationType = typeof types[number];

export const Integration = z.object({
  type: z.enum(types),
  name: z.string().openapi({ example: "Google Sheets" }),
  status: z.enum(["connected", "failing", "not_connected"]).openapi({
    description: "failing: its last use failed; the next one that succeeds ends that",
  }),
  config: z.record(z.string(), z.unknown()).openapi({
    description: "Its settings; never a secret",
    example: { client_email: "reports@acme.iam.gserviceaccount.com" },
  }),
  last_sync: Timestamp.nullable().openapi({
    description: "The last use that succeeded; of texts, among the organization's newest 1,000",
  }),
  last_error: z.string().nullable().openapi({ description: "Why it is failing" }),
}).openapi("Integration");

const Row = Integration.extend({ last_sync: z.string().nullable() });

/** An integration in the answers of the database. */
export function toIntegration(row: unknown): z.infer<typeof Integration> {
  const integration = Row.parse(row);
  return { ...integration, last_sync: isoTime(integration.last_sync) };
}

const Secret = z.string().regex(/^[!-~]{1,200}$/, "must be 1 to 200 printable characters");
const Sender = z.email().max(254);
const Senders = z.strictObject({
  senders: z.array(z.string().trim().min(1).max(16)).min(1).max(20).optional(),
});

/** What each type is connected with. */
export const inputs = {
  twilio: z.strictObject({
    credentials: z.strictObject({
      account_sid: z.string().regex(/^AC[0-9a-f]{32}$/, "must be AC and 32 hexadecimal digits"),
      auth_token: Secret,
    }),
    config: Senders.default({}),
  }),
  arkesel: z.strictObject({
    credentials: z.strictObject({ api_key: Secret }),
    config: Senders.default({}),
  }),
  smtp: z.strictObject({
    credentials: z.strictObject({
      username: z.string().min(1).max(254).refine(isPlain, plainMessage),
      password: z.string().min(1).max(500).refine(isPlain, plainMessage),
    }),
    config: z.strictObject({
      host: z.string().trim().regex(/^[A-Za-z0-9._:-]{1,253}$/, "must be the name of a host"),
      port: z.int().min(1).max(65_535),
      from_email: Sender,
    }),
  }),
  resend: z.strictObject({
    credentials: z.strictObject({ api_key: Secret }),
    config: z.strictObject({ from_email: Sender }),
  }),
  google_sheets: z.strictObject({
    credentials: ServiceAccount,
    config: z.strictObject({}).default({}),
  }),
};

export const Connection = z.object({
  credentials: z.record(z.string(), z.unknown()).openapi({
    description: "twilio: { account_sid, auth_token }; arkesel and resend: { api_key }; " +
      "smtp: { username, password }; google_sheets: the " +
      "JSON key of a service account ({ client_email, private_key, … })",
    example: { api_key: "demo-arkesel-api-key" },
  }),
  config: z.record(z.string(), z.unknown()).optional().openapi({
    description: "twilio, arkesel: { senders: [numbers or names] }, the senders that use the " +
      "account; new ones are added. Left out: those that have credentials of their own. smtp: " +
      "{ host, port (465, 587 or 2525), from_email }; resend: { from_email }",
    example: { senders: ["Acme"] },
  }),
}).openapi("IntegrationConnection");
