import assert from "node:assert/strict";
import { isApiKey, looksLikeApiKey } from "../../supabase/functions/_shared/api_key_form.ts";

const known = "sgb_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg37cCQ0";

Deno.test("a key with the right checksum is one; every other character in its place is found", () => {
  assert(isApiKey(known));
  for (let i = "sgb_live_".length; i < known.length; i++) {
    const other = known[i] === "x" ? "y" : "x";
    assert(!isApiKey(known.slice(0, i) + other + known.slice(i + 1)), `character ${i}`);
  }
});

Deno.test("two characters that changed places are found", () => {
  const digits = known.slice(9, 52);
  for (let i = 0; i + 1 < digits.length; i++) {
    const swapped = digits.slice(0, i) + digits[i + 1] + digits[i] + digits.slice(i + 2);
    assert(!isApiKey(`sgb_live_${swapped}${known.slice(52)}`), `characters ${i} and ${i + 1}`);
  }
});

Deno.test("what is not of the form is no key, but may look like one", () => {
  for (const text of ["", "sgb_", `${known}0`, ` ${known}`, known.slice(1), known.toUpperCase()]) {
    assert(!isApiKey(text), text);
  }
  assert(looksLikeApiKey("sgb_test_x"));
  assert(!looksLikeApiKey("sb_secret_x"));
  assert(!looksLikeApiKey("eyJhbGciOi.J9.x"));
});
