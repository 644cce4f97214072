import type { RealtimeChannel } from "@supabase/supabase-js";
import { clientFor, type Session } from "./people.ts";
import { until } from "./wait.ts";

/** What a channel hears, and how the attempt to join it ended. */
export interface Listening {
  joined: boolean;
  heard: { event: string; payload: Record<string, unknown> }[];
  /** Calls back with what was heard already and with everything that comes. */
  hear(listener: (event: string, payload: Record<string, unknown>) => void): void;
}

const events = [
  "client",
  "lead",
  "note",
  "note_withdrawn",
  "notes_unread",
  "notification",
  "progress",
];

/** Does some work while a person's supabase-js, which is not our code, listens to a private channel. */
export async function listening(
  person: Session,
  topic: string,
  work: (channel: Listening) => Promise<void>,
): Promise<void> {
  const client = clientFor();
  let listener = (_event: string, _payload: Record<string, unknown>) => {};
  const state: Listening = {
    joined: false,
    heard: [],
    hear(wanted) {
      state.heard.forEach(({ event, payload }) => wanted(event, payload));
      listener = wanted;
    },
  };
  try {
    await client.realtime.setAuth(person.accessToken);
    const channel: RealtimeChannel = client.channel(topic, { config: { private: true } });
    for (const event of events) {
      channel.on("broadcast", { event }, ({ event, payload }) => {
        state.heard.push({ event, payload });
        listener(event, payload);
      });
    }
    state.joined = await new Promise<boolean>((resolve) =>
      channel.subscribe((status) => {
        if (status === "SUBSCRIBED") resolve(true);
        if (status === "CHANNEL_ERROR" || status === "TIMED_OUT") resolve(false);
      })
    );
    await work(state);
  } finally {
    await client.removeAllChannels();
    client.realtime.disconnect();
  }
}

/** Whether the person may listen to the channel. */
export const joins = async (person: Session, topic: string): Promise<boolean> => {
  let joined = false;
  await listening(person, topic, (channel) => {
    joined = channel.joined;
    return Promise.resolve();
  });
  return joined;
};

/** What a channel has heard of leads. */
export const heardOfLeads = (channel: Listening): Record<string, unknown>[] =>
  channel.heard.filter(({ event }) => event === "lead")
    .map(({ payload: { id: _, ...rest } }) => rest);

/** What a channel has heard of leads, once it is so much. */
export const heard = (channel: Listening, count: number): Promise<Record<string, unknown>[]> =>
  until(() => heardOfLeads(channel).length >= count && heardOfLeads(channel), {
    what: `${count} broadcasts, not ${JSON.stringify(channel.heard)}`,
  });
