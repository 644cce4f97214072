import type { Page } from "./customers.ts";
import { call, type Caller, expectStatus } from "./http.ts";

/** A task as the API shows it. */
export interface TaskBody {
  id: string;
  version: number;
  lead_id: string | null;
  lead_name: string | null;
  title: string;
  description: string | null;
  status: string;
  priority: string;
  due_at: string | null;
  overdue: boolean;
  remind_minutes_before: number | null;
  remind_at: string | null;
  assigned_to: string | null;
  assigned_to_name: string | null;
  created_by: string | null;
  created_by_name: string | null;
  completed_at: string | null;
  created_at: string;
  updated_at: string;
}

/** Adds a task over HTTP. */
export async function addTask(
  session: Caller,
  fields: Record<string, unknown> = {},
): Promise<TaskBody> {
  const body = { title: "Send the brochure", ...fields };
  return expectStatus(await call(session, "POST", "/tasks", body), 201);
}

/** Changes a task over HTTP. */
export async function changeTask(
  session: Caller,
  id: string,
  change: Record<string, unknown>,
): Promise<TaskBody> {
  return expectStatus(await call(session, "PATCH", `/tasks/${id}`, change), 200);
}

/** The titles of the tasks that a list shows, in its order. */
export async function titlesOf(session: Caller, query = ""): Promise<string[]> {
  const page = expectStatus<Page<TaskBody>>(await call(session, "GET", `/tasks${query}`), 200);
  return page.data.map(({ title }) => title);
}

/** A moment so many minutes from now, as the API writes it. */
export const inMinutes = (minutes: number): string =>
  new Date(Date.now() + minutes * 60_000).toISOString();
