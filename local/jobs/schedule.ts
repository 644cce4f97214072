import { Cron } from "croner";

/** When a job is due: on matching minutes, or so many milliseconds after its last start. */
export type Schedule =
  | { everyMs: number }
  | { isDue(minute: Date): boolean; next(): Date | null };

/** Reads pg_cron's syntax: five fields in GMT, `$` for the month's last day, `@daily`, or `30 seconds`. */
export function parseSchedule(text: string): Schedule {
  const cleaned = text.trim().toLowerCase();
  const seconds = Number(/^(\d{1,2})\s+seconds?$/.exec(cleaned)?.[1] ?? 0);
  if (seconds >= 1 && seconds <= 59) return { everyMs: seconds * 1000 };
  const [minute, hour, day, ...rest] = cleaned.split(/\s+/);
  const pattern = cleaned.startsWith("@")
    ? cleaned
    : [minute, hour, day?.replace("$", "L"), ...rest].join(" ");
  if (!pattern.startsWith("@") && rest.length !== 2) throw new Error(`invalid schedule: ${text}`);
  const cron = new Cron(pattern, { timezone: "UTC", paused: true });
  return {
    next: () => cron.nextRun(),
    isDue: (at) => cron.match(new Date(Math.floor(at.getTime() / 60_000) * 60_000)),
  };
}
