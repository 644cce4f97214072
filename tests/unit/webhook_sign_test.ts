import assert from "node:assert/strict";
import { Webhook } from "standardwebhooks";
import { signedHeaders } from "../../supabase/functions/_shared/webhooks/sign.ts";

const body =
  '{"type":"lead.created","timestamp":"2026-11-30T05:33:20.000Z","data":{"id":"01a1fdc6-1ac2-7b4f-9ff0-bb41e3b34ace","full_name":"Ɖela Ŋkɔ"}}';
const message = { id: "msg_01a2b3c4d5e67f8091a2b3c4d5e6f708", timestamp: 1_796_000_000, body };
const secretA = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const secretB = "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno";
const signatureA = "v1,2vzCDA8DT8hJNTh9naj6TlSMLSy9syE62pdUTF1+TaI=";
const signatureB = "v1,MB6OgUeG0e6EwOxUqejq41wiRw1/VnkgZokEPtSX9oU=";

Deno.test("Signatures are those of Standard Webhooks, for each secret", async () => {
  assert.deepEqual(await signedHeaders(message, [secretA]), {
    "webhook-id": message.id,
    "webhook-timestamp": "1796000000",
    "webhook-signature": signatureA,
  });
  const both = await signedHeaders(message, [secretA, secretB]);
  assert.equal(both["webhook-signature"], `${signatureA} ${signatureB}`);
});

Deno.test("The public package verifies them with either secret and refuses another body", async () => {
  const timestamp = Math.floor(Date.now() / 1_000);
  const headers = await signedHeaders({ ...message, timestamp }, [secretA, secretB]);
  for (const secret of [secretA, secretB]) {
    assert.deepEqual(new Webhook(secret).verify(body, headers), JSON.parse(body));
  }
  assert.throws(() => new Webhook(secretA).verify(`${body} `, headers));
  assert.throws(() => new Webhook("whsec_AAAA").verify(body, headers));
});
