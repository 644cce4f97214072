import type { Management } from "./management.ts";

/** What a check found. missing: nothing works without; advice: it works, but see `todo`. */
export interface Finding {
  name: string;
  state: "ok" | "missing" | "advice";
  /** What to do, where something is to be done. */
  todo?: string;
}

export interface CheckContext {
  management: Management;
  /** The project's address, as `task deploy` tells it to the database. */
  projectUrl: string;
  /** Secrets that the deployment sets itself, by name. */
  secrets: Record<string, string>;
  /** Whether a first deployment is checked: migrations and jobs are not there yet. */
  isNew: boolean;
}

export type Check = (context: CheckContext) => Promise<Finding[]>;

export const missing = (name: string, todo: string): Finding => ({
  name,
  state: "missing",
  todo,
});

/** A finding that is ok if `fine` holds. */
export const when = (
  fine: boolean,
  name: string,
  todo: string,
  state: "missing" | "advice" = "missing",
): Finding => fine ? { name, state: "ok" } : { name, state, todo };
