import { decodeJwt, errors, importSPKI, type JWTPayload, jwtVerify } from "jose";
import type { Google } from "./google.ts";

const grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const scopes = [
  "https://www.googleapis.com/auth/spreadsheets",
  "https://www.googleapis.com/auth/drive",
  "https://www.googleapis.com/auth/drive.file",
];

class Refused extends Error {
  constructor(readonly error: string, message: string) {
    super(message);
  }
}

function payloadOf(assertion: string): JWTPayload {
  try {
    return decodeJwt(assertion);
  } catch {
    throw new Refused("invalid_grant", "Bad Request");
  }
}

/** The address of the account that an assertion names, whether it is right or not. */
export function issuerOf(assertion: string): string {
  try {
    return decodeJwt(assertion).iss ?? "";
  } catch {
    return "";
  }
}

/** The account that signed an assertion, if signature, audience, times and scope are right. */
async function signerOf({ url, store }: Google, assertion: string): Promise<string> {
  const { iss = "", iat = 0, exp = 0, scope } = payloadOf(assertion);
  const publicKey = store.publicKey(iss);
  if (publicKey === null) throw new Refused("invalid_grant", "Invalid grant: account not found");
  try {
    await jwtVerify(assertion, await importSPKI(publicKey, "RS256"), {
      algorithms: ["RS256"],
      audience: `${url}/token`,
      clockTolerance: 60,
    });
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) {
      throw new Refused("invalid_grant", "Invalid JWT Signature.");
    }
    throw new Refused("invalid_grant", "Invalid JWT: check your iat, exp and aud values.");
  }
  if (exp - iat > 3600 || iat > Date.now() / 1000 + 60) {
    throw new Refused(
      "invalid_grant",
      "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
    );
  }
  if (!String(scope).split(" ").some((one) => scopes.includes(one))) {
    throw new Refused("invalid_scope", "Invalid OAuth scope or ID token audience provided.");
  }
  return iss;
}

/** `POST /token`: an access token for what a service account has signed (RFC 7523). */
export async function grantToken(google: Google, form: URLSearchParams): Promise<Response> {
  try {
    if (form.get("grant_type") !== grantType) {
      throw new Refused("unsupported_grant_type", "Invalid grant_type");
    }
    const email = await signerOf(google, form.get("assertion") ?? "");
    const access_token = `ya29.${crypto.randomUUID()}`;
    google.tokens.set(access_token, { email, endsAt: Date.now() + 3_599_000 });
    return Response.json({ access_token, expires_in: 3599, token_type: "Bearer" });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return Response.json({ error: error.error, error_description: error.message }, { status: 400 });
  }
}
