import { currentRequest } from "../data_api/request_context.ts";
import { actionLink } from "./links.ts";

/** A mail that Auth wants sent. */
export interface AuthMail {
  to: string;
  subject: string;
  text: string;
  html: string;
}

interface LinkMail {
  to: string;
  type: string;
  otp: string;
  hashedToken: string;
  redirectTo: string;
}

/** Sends Auth's mails. The first five methods are what Lite calls. */
export interface AuthMailer {
  sendConfirmation(to: string, hashedToken: string, otp: string): Promise<void>;
  sendRecovery(to: string, hashedToken: string, otp: string): Promise<void>;
  sendMagicLink(to: string, hashedToken: string, otp: string): Promise<void>;
  sendEmailChange(to: string, hashedToken: string, otp: string): Promise<void>;
  sendReauthentication(to: string, otp: string): Promise<void>;
  sendLink(mail: LinkMail): Promise<void>;
}

const subjects: Record<string, string> = {
  signup: "Confirm your signup",
  recovery: "Reset your password",
  magiclink: "Your sign-in link",
  email_change: "Confirm your new email address",
  invite: "You have been invited",
};

/** Lite's own mailer forgets the `redirect_to` of the request; this one keeps it. */
export function createMailer(
  apiUrl: string,
  deliver: (mail: AuthMail) => Promise<void>,
): AuthMailer {
  async function sendLink({ to, type, otp, hashedToken, redirectTo }: LinkMail): Promise<void> {
    const subject = subjects[type] ?? "Signalbox";
    const link = actionLink(apiUrl, hashedToken, type, redirectTo);
    const html = `<p>${subject}: <a href="${link.replaceAll("&", "&amp;")}">open the link</a></p>` +
      `<p>Or enter the code <b>${otp}</b>.</p>`;
    await deliver({
      to,
      subject,
      text: `${subject}: ${link}\n\nOr enter the code ${otp}.\n`,
      html,
    });
  }
  const sender = (type: string) => (to: string, hashedToken: string, otp: string) =>
    sendLink({ to, type, otp, hashedToken, redirectTo: redirectOfRequest() ?? apiUrl });
  return {
    sendConfirmation: sender("signup"),
    sendRecovery: sender("recovery"),
    sendMagicLink: sender("magiclink"),
    sendEmailChange: sender("email_change"),
    sendReauthentication: (to, otp) =>
      deliver({
        to,
        subject: "Confirm it is you",
        text: `Enter the code ${otp}.\n`,
        html: `<p>Enter the code <b>${otp}</b>.</p>`,
      }),
    sendLink,
  };
}

function redirectOfRequest(): string | null {
  const path = currentRequest.getStore()?.path ?? "";
  return new URL(path, "http://localhost").searchParams.get("redirect_to");
}
