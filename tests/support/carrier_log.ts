/*
 * Goes through what the carrier accepted and proves that no rule was broken at any minute. It believes the carrier's log
 * alone; of ours it takes only when each text was claimed, to know how long it was on its way.
 */
import assert from "node:assert/strict";

/** A line of the carrier's log. */
export interface Carried {
  id: string;
  to: string;
  from: string;
  body: string;
  segments: number;
  validity_seconds: number | null;
  accepted_at: string;
}

/** What we hold about a text. */
export interface Ours {
  id: string;
  campaign_id: string | null;
  variant_id: string | null;
  provider_message_id: string | null;
  to_number: string;
  from_number: string;
  body: string;
  status: string;
  error_code: string | null;
  category: string;
  attempts: number;
  checked_at: Date | null;
  sending_at: Date | null;
  expires_at: Date | null;
  consent_id: string | null;
  /** Since when nobody can say whether it went out. */
  held_at: Date | null;
}

/** A moment at which a text was claimed for sending. */
export interface Claim {
  from_number: string;
  to_number: string;
  checked_at: Date;
  at: Date;
}

const at = ({ accepted_at }: { accepted_at: string }): number => Date.parse(accepted_at);

/** Both lists name the same texts, each once, with the same numbers and words. */
export function listsAgree(carried: Carried[], ours: Ours[]): void {
  const line = (id: string | null, to: string, from: string, body: string) =>
    JSON.stringify([id, to, from, body]);
  assert.deepEqual(
    ours.filter((m) => m.provider_message_id !== null)
      .map((m) => line(m.provider_message_id, m.to_number, m.from_number, m.body)).sort(),
    carried.map((m) => line(m.id, m.to, m.from, m.body)).sort(),
  );
}

/** Nobody is texted twice. */
export function noneTwice(carried: Carried[]): void {
  const copies = new Map<string, number>();
  for (const { to } of carried) copies.set(to, (copies.get(to) ?? 0) + 1);
  assert.deepEqual([...copies].filter(([, count]) => count > 1), [], "texted more than once");
}

/**
 * A bucket holds what it grants in a second, at least one text, and refills evenly; so of any stretch of time no more can
 * have been granted than the bucket held and what flowed in meanwhile. What is seen was granted at most `delayMs` before.
 */
function bucketHeld(name: string, moments: number[], perSecond: number, delayMs: number): void {
  const times = moments.toSorted((a, b) => a - b);
  const burst = Math.max(1, perSecond);
  // The fullest stretch that ends here began where `index - rate * time` was lowest.
  let lowest = Infinity;
  times.forEach((time, index) => {
    lowest = Math.min(lowest, index - perSecond * time / 1000);
    const excess = index + 1 - perSecond * time / 1000 - lowest;
    const allowed = burst + perSecond * delayMs / 1000;
    assert.ok(
      excess <= allowed + 1e-3,
      `${name}: text ${index + 1} is ${excess - allowed} too many at ${perSecond} a second`,
    );
  });
}

/** The carrier took no more than the bucket granted. */
export function rateHeld(
  name: string,
  carried: Carried[],
  perSecond: number,
  delayMs: number,
): void {
  bucketHeld(name, carried.map(at), perSecond, delayMs);
}

/**
 * No more were claimed than the bucket granted, whether the carrier took them or not. A claim takes from the bucket after
 * its beginning, and is written down at its end. Of a text that was claimed more than once only the last beginning is known.
 */
export function claimRateHeld(name: string, claims: Claim[], perSecond: number): void {
  const slowest = Math.max(0, ...claims.map((one) => one.at.getTime() - one.checked_at.getTime()));
  bucketHeld(`claims of ${name}`, claims.map((one) => one.at.getTime()), perSecond, slowest);
}

/** The longest that a text was on its way from the moment its claim began to the carrier's acceptance. */
export function longestWay(carried: Carried[], ours: Ours[]): number {
  const claims = new Map(ours.map((m) => [m.provider_message_id, m]));
  return Math.max(
    0,
    ...carried.map((one) => {
      const claim = claims.get(one.id);
      return claim?.checked_at && claim.attempts === 1 ? at(one) - claim.checked_at.getTime() : 0;
    }),
  );
}

/** None claimed after its number was known to be suppressed. `known`: when we had acknowledged it, by number. */
export function nonePastOptOut(
  carried: Carried[],
  ours: Ours[],
  known: Map<string, number>,
): void {
  const claims = new Map(ours.map((m) => [m.provider_message_id, m]));
  // On a busy machine all texts are long on their way.
  const usual = longestWay(carried.filter(({ to }) => !known.has(to)), ours);
  const limit = Math.max(15_000, 2 * usual);
  for (const one of carried) {
    const moment = known.get(one.to);
    const claimed = claims.get(one.id)?.checked_at?.getTime() ?? at(one);
    if (moment === undefined || at(one) <= moment) continue;
    assert.ok(claimed <= moment, `${one.to} was claimed ${claimed - moment} ms after its opt-out`);
    assert.ok(at(one) - moment < limit, `${one.to} was texted long after its opt-out`);
  }
}

/** None checked after its number was known to be suppressed, whether the carrier took it or not. */
export function noneClaimedPastOptOut(claims: Claim[], known: Map<string, number>): void {
  for (const { to_number: to, checked_at } of claims) {
    assert.ok(
      checked_at.getTime() <= (known.get(to) ?? Infinity),
      `${to} was claimed after its opt-out`,
    );
  }
}

/** Each text comes from one of these numbers, says how to opt out, and has no hole. */
export function wordsHeld(carried: Carried[], numbers: string[]): void {
  for (const { to, from, body } of carried) {
    assert.ok(numbers.includes(from), `${from} is no number of the campaign`);
    assert.match(body, /\b(Reply|Text) STOP to /, `${to} is not told how to opt out`);
    assert.doesNotMatch(body, /\{\{|\}\}|undefined|null/, `a hole in the text to ${to}`);
  }
}

/** Each text names the consent it goes by, and is worth nothing once its recipient's hours have ended. */
export function provable(
  ours: Ours[],
  closesAt: (to: string, at: number) => Date | null,
): void {
  for (const { to_number: to, consent_id, expires_at, checked_at } of ours) {
    assert.ok(consent_id !== null, `${to}: by which consent`);
    const closes = closesAt(to, checked_at?.getTime() ?? 0)?.getTime() ?? Infinity;
    assert.ok((expires_at?.getTime() ?? Infinity) <= closes, `${to}: valid after its hours`);
  }
}

/** Each text arrives while its recipient's hours last, and the provider was told to drop it when they end. */
export function withinHours(
  carried: Carried[],
  opening: (to: string, at: number) => { open: boolean; closesAt: Date | null },
): void {
  for (const one of carried) {
    const { open, closesAt } = opening(one.to, at(one));
    assert.ok(open, `${one.to} was texted outside its hours, at ${one.accepted_at}`);
    if (closesAt === null) continue;
    assert.ok(one.validity_seconds !== null, `${one.to} has hours, and the text no validity`);
    // The provider counts whole seconds, and no more than ten hours.
    assert.ok(
      at(one) + one.validity_seconds * 1000 <= closesAt.getTime() + 1000 + 10_000,
      `${one.to} may get it ${one.validity_seconds} s after ${one.accepted_at}, past ${closesAt.toISOString()}`,
    );
  }
}

/** A recipient who was texted before is texted from the same number again. */
export function senderKept(carried: Carried[], before: Map<string, string>): void {
  for (const { to, from } of carried) {
    const kept = before.get(to);
    if (kept !== undefined) assert.equal(from, kept, `${to} is used to another number`);
  }
}

/** Whether counts follow their weights: chi-square, with a bound that chance passes once in a hundred thousand times. */
export function weightsHeld(counts: number[], weights: number[]): void {
  const sum = counts.reduce((a, b) => a + b, 0);
  const whole = weights.reduce((a, b) => a + b, 0);
  const chi = counts.reduce((total, count, index) => {
    const wanted = sum * (weights[index] ?? 0) / whole;
    return total + (count - wanted) ** 2 / wanted;
  }, 0);
  // Wilson and Hilferty's approximation of the quantile at z = 4.26.
  const degrees = counts.length - 1;
  const bound = degrees * (1 - 2 / (9 * degrees) + 4.26 * Math.sqrt(2 / (9 * degrees))) ** 3;
  assert.ok(chi < bound, `${counts} does not follow the weights ${weights}: ${chi} over ${bound}`);
}
