/** A moment at which something about time is special. */
export interface Moment {
  name: string;
  /** The next time that it comes, shortly before the clocks get there. */
  at: Date;
  /** The zone of the machine. */
  zone: string;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** The Sunday of a month that is the nth, at so many minutes after midnight UTC. */
function sundayOf(year: number, month: number, nth: number, minutes: number): Date {
  const first = new Date(Date.UTC(year, month - 1, 1));
  const days = (7 - first.getUTCDay()) % 7 + 7 * (nth - 1);
  return new Date(first.getTime() + days * DAY + minutes * MINUTE);
}

/** The first of what `inYear` gives for this year and the next that is still to come. */
function next(now: Date, inYear: (year: number) => Date): Date {
  const year = now.getUTCFullYear();
  const [soon, later] = [inYear(year), inYear(year + 1)];
  return soon > now ? soon : later;
}

/** The moments, all of them after now, by the name under which `deno task test:clocks` knows them. */
export function momentsAfter(now: Date): Moment[] {
  const midnight = new Date(Math.ceil(now.getTime() / DAY) * DAY);
  const sunday = new Date(midnight.getTime() + (7 - midnight.getUTCDay()) % 7 * DAY);
  const month = (shift: number) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + shift, 1) - 2 * MINUTE);
  return [
    // 2:30 in New York, 20:30 in Honolulu.
    { name: "night", at: new Date(midnight.getTime() + 450 * MINUTE), zone: "UTC" },
    { name: "sunday", at: new Date(sunday.getTime() + 16 * 60 * MINUTE), zone: "Asia/Kathmandu" },
    { name: "month", at: month(1) > now ? month(1) : month(2), zone: "America/St_Johns" },
    {
      name: "new-year",
      at: next(now, (year) => new Date(Date.UTC(year + 1, 0, 1) - 2 * MINUTE)),
      zone: "Pacific/Kiritimati",
    },
    // On the second Sunday of March at 2 in the morning the clocks of North America go forward; in New York that is 7 UTC.
    {
      name: "march",
      at: next(now, (year) => sundayOf(year, 3, 2, 7 * 60 - 2)),
      zone: "America/New_York",
    },
    // On the first Sunday of November at 2 they go back; in New York that is 6 UTC.
    {
      name: "november",
      at: next(now, (year) => sundayOf(year, 11, 1, 6 * 60 - 2)),
      zone: "America/New_York",
    },
  ];
}

/** The moments of every run in CI: between them they have a night in America, two Sundays, and the end of a month and year. */
export const USUAL = ["new-year", "march", "november"];
