import type { SupabaseClient } from "@supabase/supabase-js";
import type { Client } from "openapi-fetch";
import type { components, paths } from "./api.d.ts";
import type { Stop } from "./channels.ts";
import { follow, type FollowOptions } from "./follow.ts";
import { listPages, type ListQuery } from "./pages.ts";
import { newerLeadsOnly, newestOf, newestOnly, unseenOnly } from "./seen.ts";

/** A change of a lead, or a count of many. */
export interface LeadEvent {
  organization_id: string;
  lead_id?: string;
  version?: number;
  change?: "created" | "updated" | "deleted" | "removed" | "many";
  status?: string;
  [member: string]: unknown;
}

export interface NotificationEvent {
  id: string;
  organization_id: string;
  kind: string;
  title: string;
  body: string | null;
  data: Record<string, unknown>;
  created_at: string;
}

/** A note that was sent to a role of the person; its text is read with `GET /notes/{id}`. */
export interface NoteEvent {
  id: string;
  organization_id: string;
  title: string;
  sender_name: string | null;
  created_at: string;
}

/** The live figures of a campaign; a higher version is a later state. */
export interface CampaignProgress {
  version: number;
  status: string;
  [member: string]: unknown;
}

type Schemas = components["schemas"];
type Listener<State, Event> =
  & Pick<FollowOptions<State, Event>, "onUpdate">
  & Partial<
    Pick<
      FollowOptions<State, Event>,
      "onConnection" | "onError" | "refreshSeconds"
    >
  >;

/** Which leads are followed; without, all that the person sees. */
export interface FollowedLeads {
  /** Those of one team. */
  teamId?: string;
  /** Those that match. Events say too little to tell, so the state is read again after them. */
  query?: ListQuery<"/leads">;
  /** At most so many, the first by `sort` (the newest). A state is read by pages of 200: give one for long lists. */
  max?: number;
}

/** States are read again each five minutes (`refreshSeconds`), because Realtime does not promise to deliver every event. */
export interface Live {
  /** The newest notifications of the person, then each new one. */
  notifications(
    listener: Listener<Schemas["Notification"][], NotificationEvent>,
  ): Promise<Stop>;
  /** All leads that are followed, then each change; all of them again after a reconnect and after a change of many. */
  leads(
    listener: Listener<Schemas["Lead"][], LeadEvent>,
    leads?: FollowedLeads,
  ): Promise<Stop>;
  /** A campaign's figures now, then at most once a second as they change; older states are dropped. */
  campaign(
    id: string,
    listener: Listener<CampaignProgress, CampaignProgress>,
  ): Promise<Stop>;
  /** The newest notes for the person's role, then each new one for that role. */
  notes(
    role: string,
    listener: Listener<Schemas["Note"][], NoteEvent>,
  ): Promise<Stop>;
  /** Any private channel. Several may follow one; all share its subscription. */
  follow<State, Event>(options: FollowOptions<State, Event>): Promise<Stop>;
}

const REFRESH_SECONDS = 300;
/** The largest page that the API answers. */
const PAGE_SIZE = 200;
const NEWEST = 50;

async function userId(supabase: SupabaseClient): Promise<string> {
  const { data: { session } } = await supabase.auth.getSession();
  if (!session) throw new Error("Nobody is signed in.");
  return session.user.id;
}

async function allLeads(
  api: Client<paths>,
  { teamId, query, max = Infinity }: FollowedLeads,
): Promise<Schemas["Lead"][]> {
  const leads: Schemas["Lead"][] = [];
  const filters = { ...query, ...(teamId && { team_id: teamId }) };
  if (max < 1) return leads;
  for await (
    const lead of listPages(api, "/leads", filters, Math.min(max, PAGE_SIZE))
  ) {
    leads.push(lead);
    if (leads.length >= max) break;
  }
  return leads;
}

interface Ground {
  supabase: SupabaseClient;
  api: Client<paths>;
  organizationId: string | undefined;
}

async function organizationOf(
  { api, organizationId }: Ground,
): Promise<string> {
  if (organizationId) return organizationId;
  const { data } = await api.GET("/auth/me");
  const id = data?.organization?.id;
  if (!id) throw new Error("The person belongs to no organization.");
  return id;
}

/** The channel on which a person may hear of leads, by the scope of the permission; a team's is given by `teamId`. */
async function leadsTopic(
  ground: Ground,
  teamId: string | undefined,
): Promise<string> {
  if (teamId) return `team:${teamId}:leads`;
  const { data } = await ground.api.GET("/auth/me");
  const scope = data?.permissions["leads:read"];
  if (scope === "organization") {
    return `organization:${await organizationOf(ground)}:leads`;
  }
  const user = await userId(ground.supabase);
  if (scope !== "team") return `user:${user}`;
  const { data: membership } = await ground.supabase.from("memberships").select(
    "team_id",
  )
    .match({ user_id: user, organization_id: await organizationOf(ground) })
    .single().throwOnError();
  return membership.team_id ? `team:${membership.team_id}:leads` : `user:${user}`;
}

async function followLeads(
  ground: Ground,
  listener: Listener<Schemas["Lead"][], LeadEvent>,
  leads: FollowedLeads,
): Promise<Stop> {
  const organization = await organizationOf(ground);
  const onUpdate = newerLeadsOnly(listener.onUpdate);
  return await follow<Schemas["Lead"][], LeadEvent>(ground.supabase, {
    refreshSeconds: REFRESH_SECONDS,
    ...listener,
    topic: await leadsTopic(ground, leads.teamId),
    event: "lead",
    load: () => allLeads(ground.api, leads),
    // A person's own channel carries the leads of all organizations.
    onUpdate: (update) => {
      if (
        update.type === "event" && update.event.organization_id !== organization
      ) return;
      onUpdate(update);
    },
    isVague: ({ change }) => change === "many" || leads.query !== undefined,
  });
}

async function followCampaign(
  ground: Ground,
  id: string,
  listener: Listener<CampaignProgress, CampaignProgress>,
): Promise<Stop> {
  const { supabase } = ground;
  const organization_id = await organizationOf(ground);
  return await follow(supabase, {
    refreshSeconds: REFRESH_SECONDS,
    ...listener,
    onUpdate: newestOnly(listener.onUpdate),
    topic: `campaign:${id}`,
    event: "progress",
    load: async () => {
      const { data } = await supabase.rpc("campaign_progress", {
        organization_id,
        campaign_id: id,
      })
        .throwOnError();
      return data as CampaignProgress;
    },
  });
}

/** Follows a list of which only new items are broadcast. */
async function followNewest<
  Item extends { id: string },
  Event extends { id: string },
>(
  { supabase }: Ground,
  listener: Listener<Item[], Event>,
  channel: { topic: string; event: string; list: () => AsyncIterable<Item> },
): Promise<Stop> {
  const shown = new Set<string>();
  return await follow<Item[], Event>(supabase, {
    refreshSeconds: REFRESH_SECONDS,
    ...listener,
    ...channel,
    onUpdate: unseenOnly(shown, listener.onUpdate),
    load: () => newestOf(channel.list(), NEWEST, shown),
  });
}

/** The live updates of one organization. */
export function liveUpdates(
  supabase: SupabaseClient,
  api: Client<paths>,
  organizationId: string | undefined,
): Live {
  const ground: Ground = { supabase, api, organizationId };
  return {
    follow: (options) => follow(supabase, options),
    notifications: async (listener) =>
      await followNewest(ground, listener, {
        topic: `user:${await userId(supabase)}`,
        event: "notification",
        list: () => listPages(api, "/notifications", {}, NEWEST),
      }),
    leads: (listener, leads = {}) => followLeads(ground, listener, leads),
    campaign: (id, listener) => followCampaign(ground, id, listener),
    notes: async (role, listener) =>
      await followNewest(ground, listener, {
        topic: `role:${await organizationOf(ground)}:${role}:notes`,
        event: "note",
        list: () => listPages(api, "/notes/inbox", {}, NEWEST),
      }),
  };
}
