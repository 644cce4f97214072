import { log, type LogFields } from "../log.ts";
import { reportFault } from "../sentry.ts";

/**
 * Does one item of a job that serves several tenants. A fault of the item ends with it: it is logged, and `parked` answers
 * what becomes of the item, so that the others go on.
 * @param item what names the item in the log.
 */
export async function perItem<T, P = T>(
  job: string,
  item: LogFields,
  work: () => T | Promise<T>,
  parked: (error: unknown) => P | Promise<P>,
): Promise<T | P> {
  try {
    return await work();
  } catch (error) {
    const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    log("error", "job_item_failed", { job, ...item, cause });
    reportFault(error, { job, ...item });
    return await parked(error);
  }
}
