import assert from "node:assert/strict";
import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from "jose";
import {
  createVerifier,
  InvalidToken,
  keySet,
} from "../../supabase/functions/_shared/access_token.ts";

const minute = 60_000;
const secret = new TextEncoder().encode("a-secret-of-more-than-thirty-two-characters");
const secretSet: JSONWebKeySet = {
  keys: [{ kty: "oct", alg: "HS256", kid: "one", k: btoa(String.fromCharCode(...secret)) }],
};

interface Claims {
  sub?: string;
  expires?: number;
  kid?: string;
}

const tokenOf = ({ sub = "ama", expires = 60 * minute, kid = "one" }: Claims = {}) =>
  new SignJWT({ role: "authenticated" }).setProtectedHeader({ alg: "HS256", kid })
    .setSubject(sub).setExpirationTime(Math.floor((Date.now() + expires) / 1000)).sign(secret);

/** A verifier whose clock can be set forward, and how often it asked for a key. */
function verifierWithClock(set: JSONWebKeySet = secretSet) {
  const state = { passed: 0, asked: 0 };
  const keys = keySet(set);
  const verify = createVerifier((header, token) => {
    state.asked++;
    return keys(header, token);
  }, () => Date.now() + state.passed);
  return { state, verify };
}

Deno.test("a token names its user, and is verified once in five minutes", async () => {
  const { state, verify } = verifierWithClock();
  const token = await tokenOf();
  assert.equal((await verify(token)).userId, "ama");
  state.passed = 4 * minute;
  assert.equal((await verify(token)).userId, "ama");
  assert.equal(state.asked, 1);
  state.passed = 6 * minute;
  assert.equal((await verify(token)).userId, "ama");
  assert.equal(state.asked, 2, "after that its key must still be known");
});

Deno.test("a remembered token is refused as soon as it has expired", async () => {
  const { state, verify } = verifierWithClock();
  const token = await tokenOf({ expires: minute });
  assert.equal((await verify(token)).userId, "ama");
  state.passed = minute + 1_000;
  await assert.rejects(verify(token), InvalidToken);
});

Deno.test("a changed token is refused although the true one is remembered", async () => {
  const { verify } = verifierWithClock();
  const token = await tokenOf();
  await verify(token);
  const [header, , signature] = token.split(".");
  const [, payload] = (await tokenOf({ sub: "kofi" })).split(".");
  for (const forged of [`${header}.${payload}.${signature}`, `${header}.${payload}.`]) {
    await assert.rejects(verify(forged), InvalidToken, forged);
  }
  assert.equal((await verify(token)).userId, "ama");
});

Deno.test("a token without a known key, a user or a key id is refused", async () => {
  const { verify } = verifierWithClock();
  const nameless = await new SignJWT({ role: "anon" })
    .setProtectedHeader({ alg: "HS256", kid: "one" }).setExpirationTime("1h").sign(secret);
  const legacyKey = await new SignJWT({ sub: "ama" }).setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h").sign(secret);
  const unsigned = `${btoa('{"alg":"none","kid":"one"}')}.${btoa('{"sub":"ama"}')}.`;
  const tokens = [await tokenOf({ kid: "two" }), nameless, legacyKey, unsigned, "", "a.b.c"];
  for (const token of tokens) await assert.rejects(verify(token), InvalidToken, token);
});

Deno.test("a token signed with an elliptic curve is verified, and its public key is no secret", async () => {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = { ...await exportJWK(publicKey), alg: "ES256", kid: "curve" };
  const { verify } = verifierWithClock({ keys: [jwk] });
  const token = await new SignJWT({ sub: "ama" })
    .setProtectedHeader({ alg: "ES256", kid: "curve" }).setExpirationTime("1h").sign(privateKey);
  assert.equal((await verify(token)).userId, "ama");
  const signedWithPublic = await new SignJWT({ sub: "ama" })
    .setProtectedHeader({ alg: "HS256", kid: "curve" }).setExpirationTime("1h")
    .sign(new TextEncoder().encode(JSON.stringify(jwk)));
  await assert.rejects(verify(signedWithPublic), InvalidToken);
});

Deno.test("keys that cannot be read are no fault of the token", async () => {
  const verify = createVerifier(() => Promise.reject(new TypeError("fetch failed")));
  const error = await verify(await tokenOf()).then(() => null, (reason: unknown) => reason);
  assert.ok(error instanceof TypeError);
});
