import assert from "node:assert/strict";
import { defaultMapping, KINDS, readMapping } from "../../tools/import_legacy/mapping.ts";

const isAboutOptOuts = (into: string) => into === "opt_outs" || into === "replies";

for (const kind of KINDS) {
  Deno.test(`the steps of ${kind} begin with whom not to text, then come people and consent, then everybody else`, async () => {
    const steps = readMapping(await Deno.readTextFile(defaultMapping(kind))).map(({ into }) =>
      into
    );
    assert.ok(isAboutOptOuts(steps[0] ?? ""), "each kind looks for opt-outs");
    const first = steps.findIndex((into) => !isAboutOptOuts(into));
    assert.deepEqual(steps.slice(first).filter(isAboutOptOuts), []);
    const rest = steps.slice(first);
    const beforeOthers = rest.findIndex((into) => into !== "people" && into !== "consents");
    assert.deepEqual(
      rest.slice(beforeOthers).filter((into) => into === "people" || into === "consents"),
      [],
    );
  });
}

Deno.test("a mapping may name its steps in any order: whom not to text runs first", () => {
  const step = (into: string) =>
    `[[steps]]\ninto = "${into}"\ntable = "t"\n[steps.columns]\nid = "id"\n`;
  const steps = readMapping(
    ["messages", "leads", "consents", "replies", "opt_outs"].map(step).join("\n"),
  );
  assert.deepEqual(steps.map(({ into }) => into), [
    "opt_outs",
    "replies",
    "consents",
    "leads",
    "messages",
  ]);
});
