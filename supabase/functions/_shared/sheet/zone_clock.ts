const DAY_MS = 86_400_000;

/** The offset of a time zone from UTC at a moment, both in milliseconds. */
function offsetReader(timeZone: string): (moment: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (moment) => {
    const parts = new Map(
      format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]),
    );
    const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
    const local = Date.UTC(
      part("year"),
      part("month") - 1,
      part("day"),
      part("hour"),
      part("minute"),
      part("second"),
    );
    return local - Math.floor(moment / 1000) * 1000;
  };
}

/**
 * Gives the local time of a zone for moments, as milliseconds that count from 1970-01-01 local time. The zone is asked
 * once for a day on which its clocks do not change, because asking takes longer than writing a cell.
 */
export function zoneClock(timeZone: string): (moment: number) => number {
  const offsetAt = offsetReader(timeZone);
  const days = new Map<number, number | null>();
  return (moment) => {
    const day = Math.floor(moment / DAY_MS);
    let offset = days.get(day);
    if (offset === undefined) {
      const start = offsetAt(day * DAY_MS);
      offset = start === offsetAt((day + 1) * DAY_MS) ? start : null;
      days.set(day, offset);
    }
    return moment + (offset ?? offsetAt(moment));
  };
}
