import type { RealtimeChannel, SupabaseClient } from "@supabase/supabase-js";

/** Ends a subscription. */
export type Stop = () => Promise<void>;

/** One of those who listen on a channel. */
export interface ChannelListener {
  onEvent(event: string, payload: unknown): void;
  /** After each join, and whenever the channel is lost or refused. */
  onStatus(isJoined: boolean, error?: Error): void;
}

interface SharedChannel {
  channel: RealtimeChannel;
  listeners: Set<ChannelListener>;
  isJoined: boolean;
}

interface Topics {
  open: Map<string, SharedChannel>;
  /** Channels that are being left: supabase-js gives the same one until it is gone. */
  leaving: Map<string, Promise<unknown>>;
}

const topicsOf = new WeakMap<SupabaseClient, Topics>();

function open(supabase: SupabaseClient, topic: string): SharedChannel {
  if (
    supabase.getChannels().some((known) => known.topic === `realtime:${topic}`)
  ) {
    throw new Error(
      `This program listens on ${topic} itself; supabase-js allows that once.`,
    );
  }
  const channel = supabase.channel(topic, { config: { private: true } });
  const shared: SharedChannel = {
    channel,
    listeners: new Set(),
    isJoined: false,
  };
  channel.on("broadcast", { event: "*" }, ({ event, payload }) => {
    for (const listener of [...shared.listeners]) {
      listener.onEvent(event, payload);
    }
  });
  channel.subscribe((status, error) => {
    shared.isJoined = status === "SUBSCRIBED";
    for (const listener of [...shared.listeners]) {
      listener.onStatus(shared.isJoined, error);
    }
  });
  return shared;
}

/**
 * Listens on a private channel. All who listen on a topic share its channel, because supabase-js has one for each topic; the
 * last one to stop leaves it.
 */
export async function joinChannel(
  supabase: SupabaseClient,
  topic: string,
  listener: ChannelListener,
): Promise<Stop> {
  const topics = topicsOf.get(supabase) ??
    { open: new Map(), leaving: new Map() };
  topicsOf.set(supabase, topics);
  await supabase.realtime.setAuth();
  while (topics.leaving.has(topic)) await topics.leaving.get(topic);
  const shared = topics.open.get(topic) ?? open(supabase, topic);
  topics.open.set(topic, shared);
  shared.listeners.add(listener);
  if (shared.isJoined) listener.onStatus(true);
  return async () => {
    if (shared.listeners.delete(listener) && shared.listeners.size === 0) {
      topics.open.delete(topic);
      const left = supabase.removeChannel(shared.channel).finally(() =>
        topics.leaving.delete(topic)
      );
      topics.leaving.set(topic, left);
    }
    await topics.leaving.get(topic);
  };
}
