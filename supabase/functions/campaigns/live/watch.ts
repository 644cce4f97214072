import { Problem } from "../../_shared/problem.ts";
import { parseTimestamp } from "../../_shared/timestamp.ts";
import type { Progress } from "./progress.ts";

/** What is sent to a client that watches a campaign. */
export type News =
  | { event: "progress"; progress: Progress }
  /** Nothing has changed for a while. */
  | { event: "heartbeat" }
  /** The campaign has ended and its messages have an outcome: connecting again is useless. */
  | { event: "end"; status: Progress["status"] }
  /** The caller may no longer watch. */
  | { event: "refused"; problem: Problem }
  /** The connection has reached its maximum duration: connect again. */
  | { event: "renew" };

/** How a campaign is watched; times in milliseconds. */
export interface Watching {
  read: () => Promise<Progress>;
  /** Aborted when the client has disconnected. */
  signal: AbortSignal;
  everyMs?: number;
  heartbeatMs?: number;
  forMs?: number;
  /** After so long without a change the messages of an ended campaign count as final: some carriers never report. */
  finalAfterMs?: number;
}

/** Failed reads in a row after which the client should connect again. */
const maxFailures = 10;
const refusals = [401, 403, 404];
const underWay = ["queued", "sending", "sent"];

/**
 * Yields the state `first` at once, then each later one. Hosted functions live for 150 s on the free plan, so after 140 s
 * the client is asked to connect again.
 */
export async function* watch(
  first: Progress,
  { read, signal, everyMs = 1_000, heartbeatMs = 15_000, forMs = 140_000, finalAfterMs = 30_000 }:
    Watching,
): AsyncGenerator<News, void> {
  const ends = performance.now() + forMs;
  let shown = first;
  let spoke = performance.now();
  let failures = 0;
  yield { event: "progress", progress: first };
  while (!isFinal(shown, finalAfterMs)) {
    if (performance.now() >= ends || failures >= maxFailures) return yield { event: "renew" };
    await pause(everyMs, signal);
    if (signal.aborted) return;
    const next = await read().catch((error: unknown) => error);
    if (signal.aborted) return;
    if (next instanceof Problem && refusals.includes(next.status)) {
      return yield { event: "refused", problem: next };
    }
    const failed = !isProgress(next);
    failures = failed ? failures + 1 : 0;
    if (!failed && next.version > shown.version) {
      shown = next;
      spoke = performance.now();
      yield { event: "progress", progress: next };
    } else if (performance.now() - spoke >= heartbeatMs) {
      spoke = performance.now();
      yield { event: "heartbeat" };
    }
  }
  yield { event: "end", status: shown.status };
}

function isFinal({ status, messages, changed_at }: Progress, finalAfterMs: number): boolean {
  if (status !== "completed" && status !== "canceled") return false;
  return !underWay.some((state) => state in messages) ||
    parseTimestamp(changed_at) < Date.now() - finalAfterMs;
}

const isProgress = (read: unknown): read is Progress =>
  typeof read === "object" && read !== null && "version" in read;

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
