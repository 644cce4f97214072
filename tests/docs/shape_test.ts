import assert from "node:assert/strict";
import { differences, lastJson } from "./shape.ts";

const answer = {
  id: "01a22c29-c26c-75f3-8124-a6190bd606c6",
  at: "2026-11-30T11:14:23.974Z",
  status: "sent",
  count: 2,
  rows: [{ name: "Ama" }, { name: "Kofi" }],
  note: "Respond by: Monday",
};

Deno.test("An answer is as shown although ids, times and what … stands for differ", () => {
  const shown = {
    id: "0199aa00-0000-7000-8000-000000000001",
    at: "2000-01-01T00:00:00.000Z",
    status: "sent",
    rows: [{ name: "Ama" }, "…"],
    note: "Respond by: …",
    "…": "…",
  };
  assert.deepEqual(differences(shown, answer), []);
});

Deno.test("A word, a number, a type, a missing or hidden key and a wrong length are noticed", () => {
  const wrong = [
    { ...answer, status: "queued" },
    { ...answer, count: 3 },
    { ...answer, count: "2" },
    { ...answer, at: null },
    { ...answer, sent_at: "…" },
    { ...answer, rows: [{ name: "Ama" }] },
    { ...answer, rows: [{ name: "Ama" }, { name: "Esi" }] },
    { status: "sent" },
    { ...answer, note: "Answer by: …" },
  ];
  for (const shown of wrong) {
    assert.notDeepEqual(differences(shown, answer), [], JSON.stringify(shown));
  }
});

Deno.test("The last JSON value is found among everything that was printed", () => {
  const printed = 'event: progress\ndata: {"a":"}{"}\n\n[1,{"b":"\\"]"}]{"c":[2]}\nready [not json';
  assert.deepEqual(lastJson(printed), { c: [2] });
  assert.equal(lastJson("nothing"), undefined);
});
