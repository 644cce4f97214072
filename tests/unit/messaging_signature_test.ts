import assert from "node:assert/strict";
import twilio from "twilio";
import {
  formParams,
  twilioSignature,
  verifyTwilioSignature,
} from "../../supabase/functions/_shared/messaging/twilio_signature.ts";

const TOKEN = "12345";
const CALL = {
  CallSid: "CA1234567890ABCDE",
  Caller: "+14158675309",
  Digits: "1234",
  From: "+14158675309",
  To: "+18005551212",
};
const FORM = new URLSearchParams(CALL).toString();

function verify(url: string, signature: string, rawBody = FORM, type = "form") {
  const contentType = type === "form" ? "application/x-www-form-urlencoded" : "application/json";
  const headers = new Headers({ "content-type": contentType, "x-twilio-signature": signature });
  return verifyTwilioSignature(TOKEN, { url, headers, rawBody });
}

Deno.test("the published signatures come out equal", () => {
  const cases = [
    ["https://mycompany.com/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8="],
    ["https://mycompany.com:443/myapp.php?foo=1&bar=2", "kvajT1Ptam85bY51eRf/AJRuM3w="],
    ["http://mycompany.com:1234/myapp.php?foo=1&bar=2", "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="],
    ["http://mycompany.com:80/myapp.php?foo=1&bar=2", "0ZXoZLH/DfblKGATFgpif+LLRf4="],
    ["https://user:pass@mycompany.com/myapp.php?foo=1&bar=2", "CukzLTc1tT5dXEDIHm/tKBanW10="],
    ["https://user:pass@mycompany.com:443/myapp.php?foo=1&bar=2", "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI="],
  ] as const;
  for (const [url, signature] of cases) {
    assert.equal(twilioSignature(TOKEN, url, CALL), signature, url);
    assert.ok(verify(url, signature), url);
    assert.ok(verify(url.replace(/:(?:443|80)\//, "/"), signature), `${url} without its port`);
  }
});

Deno.test("repeated parameters count once each, sorted", () => {
  const params = { Sid: "CA123", SidAccount: "AC123", Digits: ["5678", "1234", "1234"] };
  const url = "https://mycompany.com/myapp.php?foo=1&bar=2";
  assert.equal(twilioSignature(TOKEN, url, params), "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
  const body = "Sid=CA123&Digits=5678&Digits=1234&SidAccount=AC123&Digits=1234";
  assert.ok(verify(url, "IK+Dwps556ElfBT0I3Rgjkr1wJU=", body));
});

Deno.test("a JSON body is verified by its hash in the URL, and refused without one", () => {
  const body = '{"property": "value", "boolean": true}';
  const hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
  const plain = "https://mycompany.com/myapp.php?foo=1&bar=2";
  const url = `${plain}&bodySHA256=${hash}`;
  const signature = "a9nBmqA0ju/hNViExpshrM61xv4=";
  assert.ok(verify(url, signature, body, "json"));
  assert.ok(!verify(url, signature, body.replace("true", "false"), "json"));
  assert.ok(!verify(plain, twilioSignature(TOKEN, plain, {}), body, "json"));
});

Deno.test("a changed parameter, path, token or signature is refused, and so is a missing one", () => {
  const url = "https://mycompany.com/myapp.php?foo=1&bar=2";
  const signature = twilioSignature(TOKEN, url, CALL);
  assert.ok(verify(url, signature));
  assert.ok(!verify(url, signature, FORM.replace("1234", "1235")));
  assert.ok(!verify(url, signature, `${FORM}&Extra=1`));
  assert.ok(!verify(url.replace("myapp", "other"), signature));
  assert.ok(!verify(url.replace("bar=2", "bar=3"), signature));
  assert.ok(!verify(url, signature.slice(0, -2)));
  assert.ok(!verify(url, ""));
  const headers = new Headers({ "x-twilio-signature": twilioSignature("", url, CALL) });
  assert.ok(!verifyTwilioSignature("", { url, headers, rawBody: FORM }), "no token configured");
});

Deno.test("a GET is signed by its URL alone", () => {
  const url = "https://mycompany.com/status?MessageSid=SM1&MessageStatus=sent";
  const headers = new Headers({ "x-twilio-signature": twilioSignature(TOKEN, url, {}) });
  assert.ok(verifyTwilioSignature(TOKEN, { url, headers, rawBody: "" }));
});

const URLS = [
  "https://a.example/x",
  "https://a.example:8443/x?token=a.b-c_d",
  "http://127.0.0.1:54321/functions/v1/webhooks/twilio/status?token=abc",
  "https://a.example/x?q=it's%20(fine)!*&r=a+b",
  "https://a.example/x?q=%27quoted%27&e=%C3%A9&a=1&b=2&a=3&flag&=v&&z=",
  "https://a.example/é?q=ü b",
  "https://[::1]/x?y=1",
  "https://user:p%40ss@a.example/x?y=1",
  "HTTPS://A.Example/X",
];

Deno.test("what we sign, Twilio's SDK accepts, and what it signs, we accept", () => {
  const params = {
    Body: "Ünï côdé 😀 & = + %\r\n",
    From: "+1",
    To: "",
    MediaUrl: "https://x/?a=b",
  };
  const body = new URLSearchParams(params).toString();
  for (const url of URLS) {
    const ours = twilioSignature(TOKEN, url, params);
    assert.ok(twilio.validateRequest(TOKEN, ours, url, params), `SDK refuses ours: ${url}`);
    const theirs = twilio.getExpectedTwilioSignature(TOKEN, url, params);
    assert.ok(verify(url, theirs, body), `we refuse theirs: ${url}`);
    assert.equal(ours, theirs);
  }
});

Deno.test("we and Twilio's SDK agree on every form of a URL that a back end may have signed", () => {
  const forms = [
    (url: string) => new URL(url).toString(),
    (url: string) => url.replace(/^(https:\/\/[^/?#:]+)(?=[/?#])/, "$1:443"),
    (url: string) => url.replaceAll("'", "%27"),
    (url: string) => url.replaceAll("+", "%20"),
    (url: string) => url.replace(/a=1&b=2&a=3/, "a=1&a=3&b=2"),
    (url: string) => url.replace("&flag&=v&&z=", "&flag=&=v&z="),
    (url: string) => url.toUpperCase(),
    (url: string) => `${url}&extra=1`,
  ];
  for (const url of URLS) {
    for (const form of forms) {
      const signature = twilioSignature(TOKEN, form(url), CALL);
      const expected = twilio.validateRequest(TOKEN, signature, url, CALL);
      assert.equal(verify(url, signature), expected, `${form(url)} for ${url}`);
    }
  }
});

Deno.test("a parameter may have any name", () => {
  assert.deepEqual({ ...formParams("__proto__=1&constructor=2&a=1&a=2") }, {
    ["__proto__"]: "1",
    constructor: "2",
    a: ["1", "2"],
  });
});
