/*
 * What churn reports should say, worked out day by day from what was entered: slow, plain, and written without a look at
 * the SQL.
 */

/** One thing that was entered about a client, as the ledger keeps it. */
export interface Entry {
  client_id: string;
  day: string;
  entry: string;
  contract: string;
  contract_mrr: string | null;
  entry_currency: string | null;
}

/** Where a client stands at the end of a day. */
export interface State {
  day: string;
  active: boolean;
  mrr: number;
  currency: string;
}

const order = [
  "trial",
  "trial_end",
  "amount",
  "end",
  "notice",
  "notice_withdrawn",
  "pause",
  "resume",
  "segment",
];

/** The states of a client on the days on which something was entered, in cents. */
export function statesOf(entries: Entry[]): State[] {
  const contracts = new Map<string, number>();
  const states: State[] = [];
  let paused = false;
  let currency = "";
  const sorted = entries.toSorted((a, b) =>
    a.day.localeCompare(b.day) || order.indexOf(a.entry) - order.indexOf(b.entry)
  );
  for (const { day, entry, contract, contract_mrr, entry_currency } of sorted) {
    if (entry === "amount") contracts.set(contract, Math.round(Number(contract_mrr) * 100));
    if (entry === "end") contracts.delete(contract);
    if (entry === "amount" && entry_currency !== null) currency = entry_currency;
    const active = contracts.size > 0;
    if (entry === "pause" && active) paused = true;
    if (entry === "resume" || !active) paused = false;
    const total = [...contracts.values()].reduce((sum, cents) => sum + cents, 0);
    if (states.at(-1)?.day === day) states.pop();
    states.push({ day, active, mrr: paused ? 0 : total, currency });
  }
  return states;
}

/** The state before the events of a day. */
const before = (states: State[], day: string): State | undefined =>
  states.findLast((state) => state.day < day);

/** The figures of a period in one currency. Amounts are cents. */
export interface Figures {
  clients_start: number;
  new: number;
  reactivated: number;
  churned: number;
  passed_through: number;
  clients_end: number;
  mrr_start: number;
  new_mrr: number;
  reactivation_mrr: number;
  churned_mrr: number;
  expansion: number;
  contraction: number;
  moved_mrr: number;
  mrr_end: number;
}

const nothing: Figures = {
  clients_start: 0,
  new: 0,
  reactivated: 0,
  churned: 0,
  passed_through: 0,
  clients_end: 0,
  mrr_start: 0,
  new_mrr: 0,
  reactivation_mrr: 0,
  churned_mrr: 0,
  expansion: 0,
  contraction: 0,
  moved_mrr: 0,
  mrr_end: 0,
};

/** What one client adds to the figures of a period, from its first day to the day after it. */
function contribution(
  states: State[],
  from: string,
  to: string,
  currency: string,
): Partial<Figures> {
  const [start, end] = [before(states, from), before(states, to)];
  const was = start?.active && start.currency === currency ? start : undefined;
  const is = end?.active && end.currency === currency ? end : undefined;
  const stock = {
    ...(was && { clients_start: 1, mrr_start: was.mrr }),
    ...(is && { clients_end: 1, mrr_end: is.mrr }),
  };
  if (start?.active && end?.active) {
    if (start.currency !== end.currency) {
      return { ...stock, moved_mrr: (is?.mrr ?? 0) - (was?.mrr ?? 0) };
    }
    if (!was) return stock;
    const change = end.mrr - start.mrr;
    return { ...stock, expansion: Math.max(0, change), contraction: Math.max(0, -change) };
  }
  if (was) return { ...stock, churned: 1, churned_mrr: was.mrr };
  if (is) {
    const returned = states.some(({ day, active }) => active && day < from);
    return returned
      ? { ...stock, reactivated: 1, reactivation_mrr: is.mrr }
      : { ...stock, new: 1, new_mrr: is.mrr };
  }
  const passed = !start?.active && !end?.active && end?.currency === currency &&
    states.some(({ day, active }) => active && day >= from && day < to);
  return passed ? { passed_through: 1 } : {};
}

/** The figures of a period over all clients. */
export function figuresOf(clients: State[][], from: string, to: string, currency: string): Figures {
  const sum = { ...nothing };
  for (const states of clients) {
    for (const [name, value] of Object.entries(contribution(states, from, to, currency))) {
      sum[name as keyof Figures] += value;
    }
  }
  return sum;
}

/** A day some months later, the last of its month where there is no such day. */
export function addMonths(day: string, months: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0));
  const wanted = Math.min(date, last.getUTCDate());
  return new Date(Date.UTC(year, month - 1 + months, wanted)).toISOString().slice(0, 10);
}

const nextDay = (day: string) => new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10);

/** How many clients joined in a month, and how many of them are there so many months after their own first day. */
export function cohortOf(
  clients: State[][],
  month: string,
  age: number,
): { size: number; active: number } {
  let [size, active] = [0, 0];
  for (const states of clients) {
    const first = states.find((state) => state.active)?.day;
    if (first?.slice(0, 7) !== month.slice(0, 7)) continue;
    size++;
    if (before(states, nextDay(addMonths(first, age)))?.active) active++;
  }
  return { size, active };
}

/** Spells of service as pairs of months since year 0, the second null while they go on. */
function spellsOf(states: State[]): [number, number | null][] {
  const spells: [number, number | null][] = [];
  const monthOf = (day: string) => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1;
  for (const { day, active } of states) {
    const open = spells.at(-1);
    const running = open !== undefined && open[1] === null;
    if (active && !running) spells.push([monthOf(day), null]);
    if (!active && running) open[1] = monthOf(day);
  }
  return spells;
}

/** The share of spells that go on after each month of service, of whole months before the one of `today`. */
export function survivalOf(clients: State[][], today: string): Map<number, number> {
  const now = Number(today.slice(0, 4)) * 12 + Number(today.slice(5, 7)) - 1;
  const seen = clients.flatMap(spellsOf).filter(([start]) => start < now).map(([start, end]) => ({
    months: Math.min((end ?? Infinity) - start + 1, now - start),
    left: end !== null && end < now,
  }));
  const curve = new Map<number, number>();
  let share = 1;
  for (let month = 1; month <= 400; month++) {
    const atRisk = seen.filter(({ months }) => months >= month).length;
    const left = seen.filter(({ months, left }) => left && months === month).length;
    if (left === 0) continue;
    share *= 1 - left / atRisk;
    curve.set(month, share);
  }
  return curve;
}
