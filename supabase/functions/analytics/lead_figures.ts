import type { AppEnv } from "../_shared/context.ts";
import { unwrap } from "../_shared/problem.ts";
import { z } from "../_shared/zod.ts";
import {
  CounselorFigures,
  FunnelStage,
  Kpis,
  Period,
  Source,
  SourceFigures,
  VolumePoint,
} from "./lead_schemas.ts";

type Variables = AppEnv["Variables"];

/** Days as the SQL functions take them, and the caller's organization. */
const common = (
  { actor }: Variables,
  { date_from, date_to }: z.infer<typeof Period>,
) => ({
  organization_id: actor.organizationId,
  ...(date_from && { first_day: date_from }),
  ...(date_to && { last_day: date_to }),
});

export const KpisQuery = Period.extend({
  source: Source.optional(),
  status: z.string().max(50).optional().openapi({ description: "The key of a stage" }),
  assigned_to: z.uuid().optional(),
});
export const VolumeQuery = Period.extend({
  granularity: z.enum(["day", "week", "month"]).default("day"),
});
export const FunnelQuery = Period.extend({ source: Source.optional() });

export async function readKpis(variables: Variables, query: z.infer<typeof KpisQuery>) {
  const { source, status, assigned_to } = query;
  const answer = await variables.db.rpc("lead_kpis", {
    ...common(variables, query),
    ...(source && { source }),
    ...(status && { status }),
    ...(assigned_to && { assigned_to }),
  });
  return Kpis.parse(unwrap(answer));
}

export async function readVolume(variables: Variables, query: z.infer<typeof VolumeQuery>) {
  const { granularity } = query;
  const answer = await variables.db.rpc("lead_volume", {
    ...common(variables, query),
    granularity,
  });
  return z.array(VolumePoint).parse(unwrap(answer));
}

export async function readFunnel(variables: Variables, query: z.infer<typeof FunnelQuery>) {
  const { source } = query;
  const answer = await variables.db.rpc("lead_funnel", {
    ...common(variables, query),
    ...(source && { source }),
  });
  return z.array(FunnelStage).parse(unwrap(answer));
}

export async function readSources(variables: Variables, query: z.infer<typeof Period>) {
  const answer = await variables.db.rpc("conversion_by_source", common(variables, query));
  return z.array(SourceFigures).parse(unwrap(answer));
}

export async function readPeople(variables: Variables, query: z.infer<typeof Period>) {
  const answer = await variables.db.rpc("counselor_performance", common(variables, query));
  return z.array(CounselorFigures).parse(unwrap(answer));
}
