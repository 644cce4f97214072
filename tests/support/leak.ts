import assert from "node:assert/strict";
import type { Operation } from "./document.ts";
import type { Answer } from "./http.ts";

const leaks =
  /\b(select|insert into|update|delete from)\b.+\b(from|set|values|where)\b|relation "|column "|violates|PGRST|postgres|\.ts:\d|at async|node_modules/i;

/** Asserts that an answer is no fault and says nothing of the inside: no SQL, no stack, no path. */
export function assertNoLeak(operation: Operation, answer: Answer): void {
  const text = JSON.stringify(answer.body) ?? "";
  assert(!leaks.test(text), `${operation.method} ${operation.path} tells of its inside: ${text}`);
  assert(
    answer.status < 500,
    `${operation.method} ${operation.path} answered ${answer.status}: ${text}`,
  );
}
