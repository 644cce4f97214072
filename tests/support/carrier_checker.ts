import assert from "node:assert/strict";

/** A text that the carrier accepted. Times in milliseconds since 1970. */
export interface Accepted {
  id: string;
  from: string;
  to: string;
  body: string;
  at: number;
}

/** What must be true of every text of a campaign. */
export interface Laws {
  /** From when on a number must get nothing more. */
  forbidden: ReadonlyMap<string, number>;
  /** Whether a text may arrive at a number at a moment. */
  isOpen: (to: string, at: number) => boolean;
  /** The numbers that the campaign may send from. */
  senders: readonly string[];
  /** The number that somebody was texted from before. */
  knownFrom: ReadonlyMap<string, string>;
}

/**
 * Goes through what the carrier accepted of a campaign, text by text.
 * @throws AssertionError at the first text that breaks a rule
 */
export function checkCarrier(texts: readonly Accepted[], laws: Laws): void {
  const reached = new Map<string, string>();
  for (const { id, from, to, body, at } of texts) {
    const moment = new Date(at).toISOString();
    assert.equal(
      reached.get(to),
      undefined,
      `${to} was texted twice: ${reached.get(to)} and ${id}`,
    );
    reached.set(to, id);
    const since = laws.forbidden.get(to);
    assert.ok(since === undefined || at < since, `${to} was texted at ${moment}, after its no`);
    assert.ok(laws.isOpen(to, at), `${to} was texted at ${moment}, outside its hours`);
    assert.ok(laws.senders.includes(from), `${from} is no number of the campaign`);
    const known = laws.knownFrom.get(to) ?? from;
    assert.equal(from, known, `${to} has been texted from ${known} before`);
    assert.match(body, /Reply STOP to opt out/, "the way out");
    assert.doesNotMatch(body, /\{\{|\}\}|undefined|null/, "a hole in the text");
  }
}

/** A claim takes from the bucket first and is written down at its end, which on a busy machine is later. */
const SLACK_SECONDS = 1.5;

/**
 * That a bucket which holds one second's worth was never overdrawn, whichever stretch of time one looks at.
 * @param times when texts were claimed, in milliseconds
 */
export function checkRate(times: readonly number[], perSecond: number, what: string): void {
  let tokens = perSecond;
  let last: number | undefined;
  for (const at of [...times].sort((a, b) => a - b)) {
    tokens = Math.min(perSecond, tokens + (at - (last ?? at)) / 1_000 * perSecond) - 1;
    last = at;
    assert.ok(
      tokens >= -1 - perSecond * SLACK_SECONDS,
      `${what} sent faster than ${perSecond} a second at ${new Date(at).toISOString()}`,
    );
  }
}
