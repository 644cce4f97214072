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

/** When a text's claim began and when it was written down, in milliseconds: in between the bucket was asked. */
export interface Claimed {
  began: number;
  at: number;
}

/**
 * That a bucket which holds one second's worth was never overdrawn, whichever stretch of time one looks at. Of a text that
 * was claimed more than once only the last claim's beginning is known.
 */
export function checkRate(claims: readonly Claimed[], perSecond: number, what: string): void {
  const longest = Math.max(...claims.map(({ began, at }) => at - began), 0) / 1_000;
  let tokens = perSecond;
  let last: number | undefined;
  for (const { at } of [...claims].sort((a, b) => a.at - b.at)) {
    tokens = Math.min(perSecond, tokens + (at - (last ?? at)) / 1_000 * perSecond) - 1;
    last = at;
    assert.ok(
      tokens >= -1 - perSecond * longest,
      `${what} sent faster than ${perSecond} a second at ${new Date(at).toISOString()}`,
    );
  }
}
