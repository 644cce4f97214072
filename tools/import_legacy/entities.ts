import { campaigns, campaignTargets, templates } from "./entities/campaigns.ts";
import { clientInteractions, clientIssues } from "./entities/client_work.ts";
import { clients } from "./entities/clients.ts";
import { consents } from "./entities/consents.ts";
import { customerActions, customers } from "./entities/customers.ts";
import { leads, students } from "./entities/leads.ts";
import { messages } from "./entities/messages.ts";
import { notes } from "./entities/notes.ts";
import { optOuts } from "./entities/opt_outs.ts";
import { people } from "./entities/people.ts";
import { clientPredictions } from "./entities/predictions.ts";
import { replies } from "./entities/replies.ts";
import { interactions, leadHistory, tasks } from "./entities/work.ts";
import type { Entity } from "./entity.ts";
import type { Target } from "./mapping.ts";

/** How each kind of row is read and written. */
export const entities: Record<Target, Entity> = {
  opt_outs: optOuts,
  replies,
  people,
  consents,
  customers,
  customer_actions: customerActions,
  leads,
  students,
  lead_history: leadHistory,
  tasks,
  interactions,
  templates,
  campaigns,
  campaign_targets: campaignTargets,
  messages,
  clients,
  client_interactions: clientInteractions,
  client_issues: clientIssues,
  client_predictions: clientPredictions,
  notes,
};
