import type { SupabaseClient } from "@supabase/supabase-js";
import type { Client } from "openapi-fetch";
import type { components, paths } from "./api.d.ts";

/** Ends a subscription. */
export type Stop = () => Promise<void>;

/** The state that came first, or an event after it. */
export type Update<State, Event> =
  | { type: "state"; state: State }
  | { type: "event"; event: Event };

export interface FollowOptions<State, Event> {
  /** The private channel, and the name of its events. */
  topic: string;
  event: string;
  /** Reads the present state: after joining, and again after each reconnect, so that nothing between is missed. */
  load(): Promise<State>;
  onUpdate(update: Update<State, Event>): void;
  /** Whether the channel is joined at the moment. */
  onConnection?(isConnected: boolean): void;
  onError?(error: unknown): void;
}

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
  & Partial<Pick<FollowOptions<State, Event>, "onConnection" | "onError">>;

export interface Live {
  /** The newest notifications of the person, then each new one. */
  notifications(
    listener: Listener<Schemas["Notification"][], NotificationEvent>,
  ): Promise<Stop>;
  /** The newest leads that the person sees, then each change. With a team: that team's. */
  leads(
    listener: Listener<Schemas["Lead"][], LeadEvent>,
    teamId?: string,
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
  /** Any private channel. */
  follow<State, Event>(options: FollowOptions<State, Event>): Promise<Stop>;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/** Joins a channel; events that arrive while the state is being read follow it. What cannot be read is read again later. */
async function follow<State, Event>(
  supabase: SupabaseClient,
  options: FollowOptions<State, Event>,
): Promise<Stop> {
  const { topic, event, load, onUpdate, onConnection, onError } = options;
  await supabase.realtime.setAuth();
  let waiting: Event[] | null = [];
  let joins = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const channel = supabase.channel(topic, { config: { private: true } });
  const read = async (join: number): Promise<{ state: State } | null> => {
    for (let wait = FIRST_WAIT_MS; join === joins; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        return { state: await load() };
      } catch (error) {
        if (join === joins) onError?.(error);
      }
      await new Promise((done) => timer = setTimeout(done, wait));
    }
    return null;
  };
  const start = async () => {
    const join = ++joins;
    clearTimeout(timer);
    waiting ??= [];
    const answer = await read(join);
    if (answer === null || join !== joins) return;
    const missed = waiting;
    waiting = null;
    try {
      onUpdate({ type: "state", state: answer.state });
      for (const event of missed) onUpdate({ type: "event", event });
    } catch (error) {
      onError?.(error);
    }
  };
  channel.on("broadcast", { event }, ({ payload }) => {
    if (waiting) waiting.push(payload as Event);
    else onUpdate({ type: "event", event: payload as Event });
  });
  channel.subscribe((status, error) => {
    onConnection?.(status === "SUBSCRIBED");
    if (status === "SUBSCRIBED") void start();
    else if (error) onError?.(error);
  });
  return async () => {
    joins++;
    clearTimeout(timer);
    await supabase.removeChannel(channel);
  };
}

async function userId(supabase: SupabaseClient): Promise<string> {
  const { data: { session } } = await supabase.auth.getSession();
  if (!session) throw new Error("Nobody is signed in.");
  return session.user.id;
}

/** Drops states and events that are older than what was shown. */
function newestOnly(
  onUpdate: Listener<CampaignProgress, CampaignProgress>["onUpdate"],
): Listener<CampaignProgress, CampaignProgress>["onUpdate"] {
  let version = -1;
  return (update) => {
    const progress = update.type === "state" ? update.state : update.event;
    if (progress.version < version) return;
    version = progress.version;
    onUpdate(update);
  };
}

/** Drops events about what was shown: one that is sent late is in the state already. */
function unseenOnly<State extends { id: string }, Event extends { id: string }>(
  onUpdate: Listener<State[], Event>["onUpdate"],
): Listener<State[], Event>["onUpdate"] {
  const shown = new Set<string>();
  return (update) => {
    const ids = update.type === "state" ? update.state.map(({ id }) => id) : [update.event.id];
    if (update.type === "event" && shown.has(update.event.id)) return;
    for (const id of ids) shown.add(id);
    onUpdate(update);
  };
}

/**
 * Drops events that are older than what was shown of the same lead. An update of the same version is kept: the state of
 * the SLA changes without one.
 */
function newerLeadsOnly(
  onUpdate: Listener<Schemas["Lead"][], LeadEvent>["onUpdate"],
): Listener<Schemas["Lead"][], LeadEvent>["onUpdate"] {
  const versions = new Map<string, number>();
  return (update) => {
    if (update.type === "state") {
      for (const { id, version } of update.state) versions.set(id, version);
    } else if (update.event.lead_id !== undefined && update.event.version !== undefined) {
      const { lead_id, version, change } = update.event;
      const shown = versions.get(lead_id) ?? 0;
      if (version < shown || (version === shown && change === "created")) return;
      versions.set(lead_id, version);
    }
    onUpdate(update);
  };
}

/** The live updates of one organization. */
export function liveUpdates(
  supabase: SupabaseClient,
  api: Client<paths>,
  organizationId: string | undefined,
): Live {
  const organization = async (): Promise<string> => {
    if (organizationId) return organizationId;
    const { data } = await api.GET("/auth/me");
    const id = data?.organization?.id;
    if (!id) throw new Error("The person belongs to no organization.");
    return id;
  };
  return {
    follow: (options) => follow(supabase, options),
    notifications: async (listener) =>
      await follow(supabase, {
        ...listener,
        onUpdate: unseenOnly(listener.onUpdate),
        topic: `user:${await userId(supabase)}`,
        event: "notification",
        load: async () => (await api.GET("/notifications")).data?.data ?? [],
      }),
    leads: async (listener, teamId) =>
      await follow(supabase, {
        ...listener,
        onUpdate: newerLeadsOnly(listener.onUpdate),
        topic: teamId ? `team:${teamId}:leads` : `organization:${await organization()}:leads`,
        event: "lead",
        load: async () =>
          (await api.GET("/leads", {
            params: { query: teamId ? { team_id: teamId } : {} },
          })).data?.data ?? [],
      }),
    campaign: async (id, listener) => {
      const organization_id = await organization();
      return await follow(supabase, {
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
    },
    notes: async (role, listener) =>
      await follow(supabase, {
        ...listener,
        onUpdate: unseenOnly(listener.onUpdate),
        topic: `role:${await organization()}:${role}:notes`,
        event: "note",
        load: async () => (await api.GET("/notes/inbox")).data?.data ?? [],
      }),
  };
}
