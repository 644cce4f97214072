/*
 * Business hours counted the slow way: minute by minute, each one asked what the clock on the wall then shows. It shares
 * nothing with the SQL it judges, not even the data of time zones.
 */

/** Opening hours as PUT /leads/calendar takes them: days by name, periods as "HH:MM" from and until. */
export type Week = Record<string, [string, string][]>;

export interface BusinessHours {
  timeZone: string;
  week: Week;
  /** Dates as YYYY-MM-DD. */
  holidays: string[];
}

const MINUTE = 60_000;

/** Says of any whole minute (ms since 1970) whether it is working time. */
export function openAt({ timeZone, week, holidays }: BusinessHours): (minute: number) => boolean {
  // sv-SE writes 2026-11-20 16:30; the weekday follows from the date alone.
  const wall = new Intl.DateTimeFormat("sv-SE", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
  return (minute) => {
    const [date = "", time = ""] = wall.format(minute).split(" ");
    if (holidays.includes(date)) return false;
    const day = days[new Date(`${date}T00:00:00Z`).getUTCDay()] ?? "";
    return (week[day] ?? []).some(([from, until]) => from <= time && time < until);
  };
}

/** The moment that lies some working minutes after a start on a whole minute; null if it is beyond the limit. */
export function slowDeadline(
  isOpen: (minute: number) => boolean,
  start: number,
  minutes: number,
  limitDays: number,
): number | null {
  let counted = 0;
  for (let minute = start; minute < start + limitDays * 1440 * MINUTE; minute += MINUTE) {
    if (!isOpen(minute)) continue;
    if (minutes === 0) return minute;
    if (++counted === minutes) return minute + MINUTE;
  }
  return null;
}

/** The working minutes between two whole minutes. */
export function slowMinutes(
  isOpen: (minute: number) => boolean,
  start: number,
  end: number,
): number {
  let counted = 0;
  for (let minute = start; minute < end; minute += MINUTE) if (isOpen(minute)) counted++;
  return counted;
}
