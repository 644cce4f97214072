import assert from "node:assert/strict";
import { log } from "../../supabase/functions/_shared/log.ts";

/** What is written while some work is done. */
function written(work: () => void): string[] {
  const lines: string[] = [];
  const target = globalThis.console;
  const { info } = target;
  target.info = (line: string) => lines.push(line);
  try {
    work();
  } finally {
    target.info = info;
  }
  return lines;
}

Deno.test("no API key stands in a log line, in whatever field and however wrong", () => {
  const secret = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg";
  const lines = written(() => {
    log("info", "request", { path: `/customers/sgb_live_${secret}37cCQ0/notes`, status: 404 });
    log("info", "other", { cause: `no such id: "sgb_test_${secret}"` });
  });
  const fields = lines.map((line): { path?: string; cause?: string } => JSON.parse(line));
  assert.deepEqual(fields.map(({ path, cause }) => path ?? cause), [
    "/customers/sgb_***/notes",
    'no such id: "sgb_***"',
  ]);
});
