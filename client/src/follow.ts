import type { SupabaseClient } from "@supabase/supabase-js";
import { joinChannel, type Stop } from "./channels.ts";

/** The state that came first, or an event after it. */
export type Update<State, Event> =
  | { type: "state"; state: State }
  | { type: "event"; event: Event };

export interface FollowOptions<State, Event> {
  /** The private channel, and the name of its events. */
  topic: string;
  event: string;
  /** Reads the present state: after joining, after each reconnect, and now and then, so that nothing is missed. */
  load(): Promise<State>;
  onUpdate(update: Update<State, Event>): void;
  /** Whether an event does not say all that changed: then the state is read again after it. */
  isVague?(event: Event): boolean;
  /**
   * How often the state is read again although nothing came, because Realtime does not promise to deliver every event;
   * longer if reading takes longer than a twentieth of that. Never by default.
   */
  refreshSeconds?: number;
  /** Whether the channel is joined at the moment. */
  onConnection?(isConnected: boolean): void;
  onError?(error: unknown): void;
}

const LONGEST_WAIT_MS = 30_000;
const backoff = (attempt: number): number => Math.min(500 * 2 ** attempt, LONGEST_WAIT_MS);
/** Many vague events in a row are one reading. */
const VAGUE_WAIT_MS = 1_000;
/** At most this part of the time is spent on reading again what nobody said has changed. */
const REFRESH_SHARE = 1 / 20;

/** A timer that the earliest of several requests decides. */
function alarm() {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let due = Infinity;
  const clear = () => {
    clearTimeout(timer);
    due = Infinity;
  };
  const set = (ms: number, work: () => unknown) => {
    if (Date.now() + ms >= due) return;
    clear();
    due = Date.now() + ms;
    timer = setTimeout(() => {
      due = Infinity;
      work();
    }, ms);
  };
  return { set, clear };
}

/**
 * Joins a channel; events that arrive while the state is being read follow it. After joining the state comes first, however
 * often reading it fails; later an event does not wait for a state that cannot be read.
 */
export async function follow<State, Event>(
  supabase: SupabaseClient,
  options: FollowOptions<State, Event>,
): Promise<Stop> {
  const { load, onUpdate, onConnection, onError, isVague, refreshSeconds } = options;
  const next = alarm();
  let waiting: Event[] | null = [];
  let isShown = false;
  let current = 0;
  let readingMs = 0;

  const tell = (update: Update<State, Event>) => {
    try {
      onUpdate(update);
    } catch (error) {
      onError?.(error);
    }
    if (update.type === "event" && isVague?.(update.event)) {
      next.set(Math.max(VAGUE_WAIT_MS, readingMs), read);
    }
  };
  const tellMissed = () => {
    const missed = waiting ?? [];
    waiting = null;
    for (const event of missed) tell({ type: "event", event });
  };
  /** Reads the state and tells it; a reading that begins later makes this one void. */
  const read = async (attempt = 0): Promise<void> => {
    const [reading, started] = [++current, Date.now()];
    waiting ??= [];
    next.clear();
    try {
      const state = await load();
      if (reading !== current) return;
      readingMs = Date.now() - started;
      isShown = true;
      tell({ type: "state", state });
      tellMissed();
      if (refreshSeconds !== undefined) {
        next.set(
          Math.max(refreshSeconds * 1_000, readingMs / REFRESH_SHARE),
          read,
        );
      }
    } catch (error) {
      if (reading !== current) return;
      onError?.(error);
      if (isShown) tellMissed();
      next.set(backoff(attempt), () => read(attempt + 1));
    }
  };
  const stop = await joinChannel(supabase, options.topic, {
    onEvent: (name, payload) => {
      if (name !== options.event) return;
      if (waiting) waiting.push(payload as Event);
      else tell({ type: "event", event: payload as Event });
    },
    onStatus: (isJoined, error) => {
      current++;
      isShown = false;
      next.clear();
      onConnection?.(isJoined);
      if (isJoined) void read();
      else if (error) onError?.(error);
    },
  });
  return async () => {
    current++;
    next.clear();
    await stop();
  };
}
