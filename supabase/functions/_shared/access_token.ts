import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  importJWK,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
} from "jose";
import { env } from "./env.ts";

/** Whom a token names. `delegation` is set where it is not the person's own (RFC 8693 `act`, or an API key). */
export interface Subject {
  userId: string;
  sessionId: string | undefined;
  delegation: "api_key" | "impersonation" | undefined;
}

/** The token is not one of ours, has been changed, or has expired. */
export class InvalidToken extends Error {}

const rememberedMs = 5 * 60_000;
const maxRemembered = 2_000;

/** The keys that sign access tokens: those in the environment, else those that Auth publishes. */
function signingKeys(): JWTVerifyGetKey {
  const inline = env.signingKeys();
  return inline === null
    ? createRemoteJWKSet(new URL(`${env.supabaseUrl()}/auth/v1/.well-known/jwks.json`))
    : keySet(inline);
}

/** Looks keys up in a set, which jose itself does only for asymmetric ones. */
export function keySet(set: JSONWebKeySet): JWTVerifyGetKey {
  const asymmetric = createLocalJWKSet(set);
  return async (header, token) => {
    if (header.alg !== "HS256") return await asymmetric(header, token);
    const key = set.keys.find(({ alg, kid, kty }) =>
      kty === "oct" && alg === "HS256" && kid === header.kid
    );
    if (key === undefined) throw new errors.JWKSNoMatchingKey();
    return await importJWK(key, "HS256");
  };
}

/** Failures to get the keys, of which the token is not the cause. */
const keyFailures = ["ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID", "ERR_JOSE_GENERIC"];

async function verify(token: string, keys: JWTVerifyGetKey, now: number): Promise<JWTPayload> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      currentDate: new Date(now),
    });
    // The legacy API keys are tokens without a key id.
    if (protectedHeader.kid === undefined) throw new InvalidToken("it names no key");
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError && !keyFailures.includes(error.code)) {
      throw new InvalidToken(error.message, { cause: error });
    }
    throw error;
  }
}

function subjectOf({ sub, act, token_use, session_id }: JWTPayload): Subject {
  if (typeof sub !== "string") throw new InvalidToken("it names no user");
  const delegation = act !== undefined
    ? "impersonation"
    : token_use === "api_key"
    ? "api_key"
    : undefined;
  return {
    userId: sub,
    sessionId: typeof session_id === "string" ? session_id : undefined,
    delegation,
  };
}

/**
 * Makes the function that gives the subject of an access token. What was verified is remembered until it expires, at
 * most five minutes, so that a key that was removed from the set is not trusted longer. Only the token is checked here:
 * the database asks with every request whether its session still exists (`private.require_session`).
 * @throws InvalidToken, or another error if the keys cannot be read
 */
export function createVerifier(
  keys: JWTVerifyGetKey,
  now: () => number = Date.now,
): (token: string) => Promise<Subject> {
  const remembered = new Map<string, { subject: Subject; until: number }>();
  return async (token) => {
    const known = remembered.get(token);
    if (known && now() < known.until) return known.subject;
    const payload = await verify(token, keys, now());
    const subject = subjectOf(payload);
    const [oldest] = remembered.keys();
    if (remembered.size >= maxRemembered && oldest !== undefined) remembered.delete(oldest);
    const until = Math.min((payload.exp ?? Infinity) * 1000, now() + rememberedMs);
    remembered.delete(token);
    remembered.set(token, { subject, until });
    return subject;
  };
}

let verifier: ((token: string) => Promise<Subject>) | undefined;

/**
 * The subject of an access token of this project.
 * @throws InvalidToken, or another error if the signing keys cannot be read
 */
export function subjectOfToken(token: string): Promise<Subject> {
  verifier ??= createVerifier(signingKeys());
  return verifier(token);
}
