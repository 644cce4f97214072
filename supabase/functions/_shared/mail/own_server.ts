import { z } from "../zod.ts";
import { env } from "../env.ts";
import {
  callableHost,
  isCallable,
  RefusedAddress,
  type WebhookRules,
} from "../webhooks/address.ts";
import { deploymentRules } from "../webhooks/rules.ts";
import type { MailProvider } from "./provider.ts";
import { createResend } from "./resend.ts";
import { createSmtp } from "./smtp.ts";
import type { SmtpOptions } from "./smtp_connection.ts";

/** What an organization's own mail server is reached with. */
export const OwnSmtp = z.object({
  host: z.string(),
  port: z.number(),
  username: z.string(),
  password: z.string(),
  from_email: z.string(),
});
export const OwnResend = z.object({ api_key: z.string(), from_email: z.string() });

/** The ports of mail submission with TLS: from the start (465), or by STARTTLS. */
const submissionPorts = [465, 587, 2525];
/** Less than the platform's: one server must not hold a run up. */
const timeoutMs = 10_000;
const lookUpMs = 5_000;

/**
 * Where an own server is connected to: an address that was checked a moment ago, so that no later answer of DNS counts,
 * with TLS for the name. In networks that the operator allows, such as the local stack's, any port does, without TLS.
 * @throws RefusedAddress
 */
export async function pinnedServer(
  { host, port }: { host: string; port: number },
  rules: WebhookRules = deploymentRules(),
): Promise<Pick<SmtpOptions, "host" | "port" | "servername" | "requireTls">> {
  const name = host.replace(/\.$/, "").toLowerCase();
  const addresses = await callableHost(name, rules, AbortSignal.timeout(lookUpMs));
  const [address = ""] = addresses;
  if (addresses.every((one) => !isCallable(one))) return { host: address, port, requireTls: false };
  if (!submissionPorts.includes(port)) {
    throw new RefusedAddress("The port must be 465, 587 or 2525.");
  }
  return { host: address, port, servername: name, requireTls: true };
}

/**
 * An organization's own mail server.
 * @throws RefusedAddress, or what the resolver throws
 */
export async function openOwnServer(
  type: "smtp" | "resend",
  credentials: unknown,
): Promise<MailProvider> {
  if (type === "resend") {
    const { api_key: apiKey, from_email: from } = OwnResend.parse(credentials);
    return createResend({ apiKey, from, baseUrl: env.resendBaseUrl(), timeoutMs });
  }
  const { host, port, username, password, from_email: from } = OwnSmtp.parse(credentials);
  return createSmtp({ ...await pinnedServer({ host, port }), username, password, from, timeoutMs });
}
