import { z } from "../_shared/zod.ts";
import { env } from "../_shared/env.ts";
import { openOwnServer } from "../_shared/mail/own_server.ts";
import { renderMail } from "../_shared/mail/template.ts";
import { RefusedAddress } from "../_shared/webhooks/address.ts";
import { GoogleError } from "../_shared/google/error.ts";
import { requestToken } from "../_shared/google/token.ts";
import { providerTimeoutMs } from "../_shared/messaging/accounts.ts";
import { type Answer, callProvider, textOf } from "../_shared/messaging/provider_http.ts";
import { invalidFields, Problem } from "../_shared/problem.ts";
import { inputs, type IntegrationType } from "./integration_schemas.ts";

type Input<T extends IntegrationType> = z.infer<typeof inputs[T]>;

/** The body as its type wants it. @throws Problem 422 */
export function parseInput<T extends IntegrationType>(type: T, body: unknown): Input<T> {
  const parsed = inputs[type].safeParse(body);
  if (parsed.success) return parsed.data as Input<T>;
  throw invalidFields(
    parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message })),
  );
}

const refused = (why: string): Problem =>
  new Problem(422, "credentials_refused", `The credentials were refused: ${why}`);

const unavailable = (name: string): Problem =>
  new Problem(502, "provider_failed", `${name} did not say whether the credentials are right.`);

/** Asks something that only the account's owner is told, and that changes nothing. */
async function ask(
  name: string,
  baseUrl: string,
  path: string,
  headers: Record<string, string>,
): Promise<Answer> {
  const answer = await callProvider({ baseUrl, timeoutMs: providerTimeoutMs }, path, { headers });
  if (answer.kind === "none") throw unavailable(name);
  const { status } = answer;
  if (status >= 500 || status === 408 || status === 429) throw unavailable(name);
  if (status !== 200) throw refused(`${name} answers ${status}.`);
  return answer;
}

/** Source: https://www.twilio.com/docs/iam/api/account#fetch-an-account-resource */
async function checkTwilio({ credentials }: Input<"twilio">): Promise<void> {
  const { account_sid, auth_token } = credentials;
  const authorization = `Basic ${btoa(`${account_sid}:${auth_token}`)}`;
  const path = `/2010-04-01/Accounts/${account_sid}.json`;
  const { json } = await ask("Twilio", env.twilioBaseUrl(), path, { authorization });
  const status = textOf(json, "status");
  if (status !== "active") throw refused(`the account is ${status ?? "not active"}.`);
}

/** Source: https://developers.arkesel.com, "SMS balance" */
async function checkArkesel({ credentials }: Input<"arkesel">): Promise<void> {
  const path = "/api/v2/clients/balance-details";
  const headers = { "api-key": credentials.api_key, accept: "application/json" };
  const { json } = await ask("Arkesel", env.arkeselBaseUrl(), path, headers);
  if (json["status"] !== "success") throw refused("Arkesel does not tell the balance.");
}

async function checkGoogle({ credentials }: Input<"google_sheets">): Promise<void> {
  try {
    await requestToken(credentials);
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error;
    throw error.failure === "credentials" ? refused(error.message) : unavailable("Google");
  }
}

/** Who connects it, as `begin_integration_check` answers. */
export const Tester = z.object({
  to: z.string(),
  name: z.string().nullable(),
  organization: z.object({
    name: z.string(),
    locale: z.string(),
    country: z.string(),
    time_zone: z.string(),
  }),
});
export type Tester = z.infer<typeof Tester>;

/** Only an e-mail shows that the server takes this sender's: it goes to the person who connects it. */
async function checkMail(
  type: "smtp" | "resend",
  { credentials, config }: Input<"smtp"> | Input<"resend">,
  { to, name, organization }: Tester,
): Promise<void> {
  const server = await openOwnServer(type, { ...credentials, ...config }).catch((error) => {
    const message = error instanceof RefusedAddress
      ? error.message
      : "The host's name cannot be resolved.";
    throw invalidFields([{ path: "config.host", message }]);
  });
  const data = {
    title: "Your mail server works",
    body: "This is the test of the mail server that you connect. From now on the organization's " +
      "e-mails go out through it.",
  };
  const mail = renderMail({ kind: "system", name, data, organization }, env.appUrl());
  const key = crypto.randomUUID();
  const outcome = await server.send({ key, to: { name: name ?? "", address: to }, ...mail });
  server.close();
  if (outcome.kind === "accepted") return;
  throw new Problem(
    422,
    "test_mail_failed",
    `The mail server did not send a test e-mail: ${outcome.reason}`,
  );
}

/**
 * Tries the credentials by a real call.
 * @returns what is to be stored
 * @throws Problem 422 `credentials_refused`, `test_mail_failed` or `invalid_field`, 502 `provider_failed` if nobody can say
 */
export async function checkCredentials(type: IntegrationType, body: unknown, tester: Tester) {
  switch (type) {
    case "twilio": {
      const input = parseInput(type, body);
      await checkTwilio(input);
      return input;
    }
    case "arkesel": {
      const input = parseInput(type, body);
      await checkArkesel(input);
      return input;
    }
    case "smtp":
    case "resend": {
      const input = parseInput(type, body);
      await checkMail(type, input, tester);
      return input;
    }
    case "google_sheets": {
      const input = parseInput(type, body);
      await checkGoogle(input);
      return input;
    }
  }
}
