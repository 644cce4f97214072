import { call, type Caller, expectStatus } from "./http.ts";

/** A stage as the API shows it. */
export interface Stage {
  key: string;
  label: string;
  position: number;
  outcome: string | null;
  sla_minutes: number | null;
  next_stages: string[] | null;
}

/** The stages of the caller's pipeline. */
export async function stagesOf(session: Caller): Promise<Stage[]> {
  const answer = await call(session, "GET", "/pipeline/stages");
  return expectStatus<{ stages: Stage[] }>(answer, 200).stages;
}
