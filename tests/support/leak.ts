import assert from "node:assert/strict";
import type { Operation } from "./document.ts";
import type { Answer } from "./http.ts";

// An update of SQL has SET after its table: the permission `organization:update` before the word "set" is no leak.
const leaks =
  /\bselect\b.+\b(from|where)\b|\binsert into\b|\bdelete from\b|\bupdate\s+[\w."]+(\s+as)?(\s+\w+)?\s+set\b|relation "|column "|violates|PGRST|postgres|\.ts:\d|at async|node_modules/i;

/** Asserts that an answer is no fault and says nothing of the inside: no SQL, no stack, no path. */
export function assertNoLeak(operation: Operation, answer: Answer): void {
  const text = JSON.stringify(answer.body) ?? "";
  assert(!leaks.test(text), `${operation.method} ${operation.path} tells of its inside: ${text}`);
  assert(
    answer.status < 500,
    `${operation.method} ${operation.path} answered ${answer.status}: ${text}`,
  );
}
