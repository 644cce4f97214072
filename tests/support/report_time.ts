/** Local time without the database: what a clock on the wall shows. */
export interface LocalTime {
  day: string;
  text: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  formats.set(zone, format);
  return format;
}

/** An instant (ms) in a zone: its day, and the whole second with its offset as reports write it. */
export function localTime(ms: number, zone: string): LocalTime {
  const second = Math.floor(ms / 1_000) * 1_000;
  const part = Object.fromEntries(
    formatOf(zone).formatToParts(second).map((p) => [p.type, p.value]),
  );
  const day = `${part["year"]}-${part["month"]}-${part["day"]}`;
  const clock = `${part["hour"]}:${part["minute"]}:${part["second"]}`;
  const offset = (Date.parse(`${day}T${clock}Z`) - second) / 60_000;
  const size = Math.abs(offset);
  const two = (n: number) => String(n).padStart(2, "0");
  const sign = offset < 0 ? "-" : "+";
  return { day, text: `${day}T${clock}${sign}${two(Math.floor(size / 60))}:${two(size % 60)}` };
}

export type Bucket = "day" | "week" | "month" | "quarter" | "year";

const utc = (day: string) => new Date(`${day}T00:00:00Z`);
const dayOf = (date: Date) => date.toISOString().slice(0, 10);

/** The first day of the time group of a day; weeks begin on Monday. */
export function bucketStart(day: string, bucket: Bucket): string {
  const date = utc(day);
  if (bucket === "week") date.setUTCDate(date.getUTCDate() - (date.getUTCDay() + 6) % 7);
  if (bucket === "quarter") date.setUTCMonth(date.getUTCMonth() - date.getUTCMonth() % 3, 1);
  if (bucket === "month") date.setUTCDate(1);
  if (bucket === "year") date.setUTCMonth(0, 1);
  return dayOf(date);
}

/** The first day of the time group after this one. */
export function nextBucket(day: string, bucket: Bucket): string {
  const date = utc(day);
  if (bucket === "day") date.setUTCDate(date.getUTCDate() + 1);
  if (bucket === "week") date.setUTCDate(date.getUTCDate() + 7);
  if (bucket === "month") date.setUTCMonth(date.getUTCMonth() + 1);
  if (bucket === "quarter") date.setUTCMonth(date.getUTCMonth() + 3);
  if (bucket === "year") date.setUTCFullYear(date.getUTCFullYear() + 1);
  return dayOf(date);
}

/** How a time group is written, from its first day. */
export function bucketLabel(day: string, bucket: Bucket): string {
  const [year = "", month = ""] = day.split("-");
  if (bucket === "month") return `${year}-${month}`;
  if (bucket === "quarter") return `${year}-Q${Math.ceil(Number(month) / 3)}`;
  if (bucket === "year") return year;
  if (bucket === "day") return day;
  // ISO 8601: the week belongs to the year of its Thursday.
  const thursday = utc(day);
  thursday.setUTCDate(thursday.getUTCDate() + 3);
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.floor((thursday.getTime() - first) / 604_800_000) + 1;
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, "0")}`;
}
