import { createRoute } from "../_shared/zod.ts";
import type { App } from "../_shared/app.ts";
import { problems, unwrap } from "../_shared/problem.ts";
import { guarded, IdempotencyHeader, IdParam, json, permitted } from "../_shared/route.ts";
import { Campaign, toCampaign } from "./schemas.ts";

const moves = {
  start: {
    summary: "Start a campaign",
    description:
      "A draft whose `scheduled_at` is in the future waits for it. A snapshot of the audience " +
      "is taken at the start: leads added later are not in it. Needs leads:read for the whole " +
      "organization too, and, if the audience has numbers in North America, the organization's contact " +
      "details, which HELP is answered with, and a sender that can receive (422 `campaign_incomplete`). " +
      "A `scheduled_at` that lies in the past by more than `late_after_minutes` is refused in the same way.",
  },
  pause: {
    summary: "Pause a campaign",
    description:
      "Once this has answered, no further recipient is claimed; messages under way are handed to the carrier " +
      "within two seconds, or, with a slow carrier, when the two groups before them are answered.",
  },
  resume: {
    summary: "Resume a campaign",
    description: "It continues where it was: nobody is left out or texted twice. One that missed " +
      "its schedule starts now. 422 `campaign_incomplete` while it has no active number.",
  },
  cancel: {
    summary: "Cancel a campaign",
    description:
      "Recipients who were not texted yet will not be. It cannot be undone. Targets beyond " +
      "10,000 are marked within the next minutes.",
  },
} as const;

function route(move: keyof typeof moves) {
  return createRoute({
    method: "post",
    path: `/{id}/${move}`,
    operationId: `${move}Campaign`,
    tags: ["campaigns"],
    ...moves[move],
    ...permitted("campaigns:write"),
    request: { params: IdParam, headers: IdempotencyHeader },
    responses: { 200: json(Campaign, "The campaign"), ...guarded, ...problems(400, 404, 409, 422) },
  });
}

export function moveCampaigns(app: App) {
  for (const move of ["start", "pause", "resume", "cancel"] as const) {
    app.openapi(route(move), async (c) => {
      const row = await c.var.db.rpc(`${move}_campaign`, {
        organization_id: c.var.actor.organizationId,
        campaign_id: c.req.valid("param").id,
      });
      return c.json(toCampaign(unwrap(row, "campaign")), 200);
    });
  }
}
