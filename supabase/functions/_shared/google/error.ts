/**
 * Why Google did not do it. `pause`: not now (too many calls, an outage, no answer): the same call may work later, and is
 * never a failure for good. `credentials`: the service account's key is not accepted, or the Sheets API is not enabled in
 * its project. `not_shared`: the spreadsheet does not exist or is not shared with the account as editor. `storage`: no
 * room for more, which no repetition changes. `invalid`: Google does not accept the request.
 */
export type GoogleFailure = "pause" | "credentials" | "not_shared" | "storage" | "invalid";

/** A call of Google that failed. Its message is for people and contains no secret. */
export class GoogleError extends Error {
  constructor(
    readonly failure: GoogleFailure,
    message: string,
    /** Of a pause: after how many seconds Google wants to be asked again; null where it does not say. */
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }
}
