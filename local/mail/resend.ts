/** The key that the simulated Resend accepts. Made up; it opens nothing anywhere else. */
export const RESEND_API_KEY = "re_demo_key";

/** An e-mail as Resend's API takes it, as far as Signalbox uses it. */
export interface ResendMail {
  from: string;
  to: string[];
  subject: string;
  html: string;
  text: string;
}

/** Resend's API as far as Signalbox uses it: POST /resend/emails. `keep` gets what was accepted. */
export async function handleResend(
  request: Request,
  keep: (mail: ResendMail) => void,
): Promise<Response> {
  if (request.headers.get("authorization") !== `Bearer ${RESEND_API_KEY}`) {
    const refusal = { statusCode: 401, name: "invalid_api_key", message: "API key is invalid" };
    return Response.json(refusal, { status: 401 });
  }
  keep(await request.json());
  return Response.json({ id: crypto.randomUUID() });
}
