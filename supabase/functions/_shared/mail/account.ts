import { env, MissingEnvironment } from "../env.ts";
import type { MailProvider } from "./provider.ts";
import { createResend } from "./resend.ts";
import { createSmtp } from "./smtp.ts";

/** The mail provider of this deployment. Without configuration e-mails wait, and admins see why. */
export function mailAccount(): MailProvider {
  try {
    const from = env.emailFrom();
    return env.emailProvider() === "resend"
      ? createResend({ ...env.resend(), from })
      : createSmtp({ ...env.smtp(), from });
  } catch (error) {
    if (!(error instanceof MissingEnvironment)) throw error;
    return {
      name: "smtp",
      concurrency: 1,
      timeoutMs: 0,
      send: () => Promise.resolve({ kind: "outage", reason: "E-mail is not configured." }),
      close() {},
    };
  }
}
