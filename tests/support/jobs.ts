import { database } from "./db.ts";
import { call, expectStatus } from "./http.ts";
import { stackUnderTest } from "./stack.ts";

/** Starts a job of the jobs function over HTTP, as its schedule would, without waiting for its time. */
export async function startJob(name: string, body?: unknown): Promise<void> {
  const headers = { apikey: stackUnderTest().secret_key };
  expectStatus(await call(null, "POST", `/jobs/${name}`, body, headers), 202);
}

/** Has the database start a job, as its triggers and schedules do. */
export async function invoke(job: string): Promise<void> {
  await database()`select private.invoke(${`jobs/${job}`})`;
}
