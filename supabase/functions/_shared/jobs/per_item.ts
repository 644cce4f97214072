import { log, type LogFields } from "../log.ts";
import { reportFault } from "../sentry.ts";

/**
 * Does one item of a job that serves several tenants. An error of one item is logged and reported, and `failed`
 * returns the result instead, so that the other items are done all the same.
 * @param item what names the item in the log.
 */
export async function perItem<T, P = T>(
  job: string,
  item: LogFields,
  work: () => T | Promise<T>,
  failed: (error: unknown) => P | Promise<P>,
): Promise<T | P> {
  try {
    return await work();
  } catch (error) {
    const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    log("error", "job_item_failed", { job, ...item, cause });
    reportFault(error, { job, ...item });
    return await failed(error);
  }
}
