import assert from "node:assert/strict";
import { Webhook } from "standardwebhooks";
import { signedHeaders } from "../../supabase/functions/_shared/webhooks/sign.ts";
import { blocksOf } from "./markdown.ts";

type IsSigned = (body: string, headers: Headers, secret: string) => boolean;

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEXT = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const body = JSON.stringify({ type: "lead.created", data: { note: "Ünïcode" } });
const seconds = (ago = 0): number => Math.floor(Date.now() / 1000) - ago;

/** The function that docs/api.md shows. */
async function shownFunction(): Promise<IsSigned> {
  const page = await Deno.readTextFile(new URL("../../docs/api.md", import.meta.url));
  const blocks = blocksOf(page).filter(({ language }) => language === "ts");
  assert.equal(blocks.length, 1, "one function verifies");
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, blocks[0]?.text ?? "");
    return (await import(`file://${file}`)).isSigned;
  } finally {
    await Deno.remove(file);
  }
}

const signed = async (secrets: string[], timestamp = seconds()): Promise<Headers> =>
  new Headers(await signedHeaders({ id: "msg_1", timestamp, body }, secrets));

Deno.test("The function in docs/api.md accepts what is signed with the secret, also beside another one", async () => {
  const isSigned = await shownFunction();
  for (const secrets of [[SECRET], [NEXT, SECRET], [SECRET, NEXT]]) {
    const headers = await signed(secrets);
    assert.equal(isSigned(body, headers, SECRET), true, String(secrets));
  }
  const headers = new Headers({
    "webhook-id": "msg_1",
    "webhook-timestamp": String(seconds()),
    "webhook-signature": new Webhook(SECRET).sign("msg_1", new Date(seconds() * 1000), body),
  });
  assert.equal(isSigned(body, headers, SECRET), true, "as the public package signs");
});

Deno.test("The function in docs/api.md refuses what is forged, changed, old or not signed", async () => {
  const isSigned = await shownFunction();
  const good = await signed([SECRET]);
  const changed = (name: string, value: string): Headers => {
    const headers = new Headers(good);
    headers.set(name, value);
    return headers;
  };
  assert.equal(isSigned(body, good, SECRET), true);
  assert.equal(isSigned(body, await signed([NEXT]), SECRET), false, "another secret");
  assert.equal(isSigned(`${body} `, good, SECRET), false, "another body");
  assert.equal(isSigned(body, changed("webhook-id", "msg_2"), SECRET), false, "another id");
  assert.equal(isSigned(body, changed("webhook-timestamp", "never"), SECRET), false, "no time");
  for (const ago of [301, -305]) {
    const headers = await signed([SECRET], seconds(ago));
    assert.equal(isSigned(body, headers, SECRET), false, `${ago} seconds old`);
  }
  for (const signature of ["", "v1,", "v2,AAAA", "v1"]) {
    assert.equal(isSigned(body, changed("webhook-signature", signature), SECRET), false, signature);
  }
  assert.equal(isSigned(body, new Headers(), SECRET), false, "no headers");
});
