import assert from "node:assert/strict";
import {
  signCallback,
  verifyCallback,
} from "../../supabase/functions/_shared/messaging/callback_token.ts";

Deno.test("a callback token gives back the message it was made for", () => {
  for (let i = 0; i < 200; i++) {
    const id = crypto.randomUUID();
    const token = signCallback("secret", id);
    assert.match(token, /^[\w-]{22}\.[\w-]{22}$/);
    assert.equal(verifyCallback("secret", token), id);
    assert.equal(verifyCallback("other secret", token), null);
  }
});

Deno.test("a callback token with any other character is refused", () => {
  const token = signCallback("secret", crypto.randomUUID());
  for (let i = 0; i < token.length; i++) {
    for (const other of "Aa0-_.Q") {
      if (other === token[i]) continue;
      const forged = token.slice(0, i) + other + token.slice(i + 1);
      assert.equal(verifyCallback("secret", forged), null, forged);
    }
  }
  for (const forged of ["", ".", token + "A", ` ${token}`, token.replace(".", "")]) {
    assert.equal(verifyCallback("secret", forged), null, forged);
  }
});

Deno.test("only a UUID can be signed", () => {
  assert.throws(() => signCallback("secret", "42"), TypeError);
});
