import { z } from "../../_shared/zod.ts";
import type { Client } from "../../_shared/clients.ts";
import { Id, Timestamp } from "../../_shared/fields.ts";
import { unwrap } from "../../_shared/problem.ts";
import { Campaign, Status } from "../schemas.ts";

/** A campaign's live counters, as Realtime broadcasts them too. */
export const Progress = z.object({
  campaign_id: Id,
  version: z.int().openapi({ description: "A higher one is a later state", example: 12 }),
  changed_at: Timestamp,
  status: Status,
  status_reason: z.string().nullable(),
  started_at: Timestamp.nullable(),
  finished_at: Timestamp.nullable(),
  targets: Campaign.shape.targets,
  excluded: Campaign.shape.excluded,
  messages: Campaign.shape.messages,
  segments: z.int(),
  cost: z.string().openapi({ description: "What the carrier has charged so far", example: "4.74" }),
}).openapi("CampaignProgress");
export type Progress = z.infer<typeof Progress>;

/** Reads a campaign's current progress; the caller's permission is checked each time. */
export async function readProgress(db: Client, campaign: CampaignKey): Promise<Progress> {
  return Progress.parse(unwrap(await db.rpc("campaign_progress", campaign), "campaign"));
}

interface CampaignKey {
  organization_id: string;
  campaign_id: string;
}
