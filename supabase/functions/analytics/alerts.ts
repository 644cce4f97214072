import { z } from "../_shared/zod.ts";
import { Id, isoTime, Timestamp } from "../_shared/fields.ts";

export const Alert = z.object({
  id: Id,
  campaign_id: Id,
  campaign_name: z.string(),
  kind: z.enum(["opt_out_rate", "failure_rate"]),
  cases: z.int().openapi({ description: "Opt-outs or failures when it was raised", example: 9 }),
  sample: z.int().openapi({ description: "Of so many messages", example: 200 }),
  threshold: z.number().openapi({
    description: "The organization's alert_opt_out_rate or alert_failure_rate",
    example: 0.03,
  }),
  opened_at: Timestamp,
  resolved_at: Timestamp.nullable(),
  resolution: z.enum(["recovered", "switched_off", "ended"]).nullable().openapi({
    description: "ended: 72 hours after the campaign, when replies no longer count",
  }),
}).openapi("CampaignAlert");

/** Alerts as the API shows them. */
export function toAlerts(rows: unknown): z.infer<typeof Alert>[] {
  return z.array(Alert).parse(rows).map((alert) => ({
    ...alert,
    opened_at: isoTime(alert.opened_at),
    resolved_at: isoTime(alert.resolved_at),
  }));
}
