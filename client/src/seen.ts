import type { components } from "./api.d.ts";
import type { Update } from "./follow.ts";
import type { CampaignProgress, LeadEvent } from "./live.ts";

type OnUpdate<State, Event> = (update: Update<State, Event>) => void;

/** Drops states and events that are older than what was shown. */
export function newestOnly(
  onUpdate: OnUpdate<CampaignProgress, CampaignProgress>,
): OnUpdate<CampaignProgress, CampaignProgress> {
  let version = -1;
  return (update) => {
    const progress = update.type === "state" ? update.state : update.event;
    if (progress.version < version) return;
    version = progress.version;
    onUpdate(update);
  };
}

/** Drops events about what was shown: one that is sent late is in the state already. `shown`: the ids so far. */
export function unseenOnly<
  State extends { id: string },
  Event extends { id: string },
>(
  shown: Set<string>,
  onUpdate: OnUpdate<State[], Event>,
): OnUpdate<State[], Event> {
  return (update) => {
    const ids = update.type === "state" ? update.state.map(({ id }) => id) : [update.event.id];
    if (update.type === "event" && shown.has(update.event.id)) return;
    for (const id of ids) shown.add(id);
    onUpdate(update);
  };
}

/**
 * The newest of a list: one page, and as many more as it takes to meet one that was shown, so that a long absence leaves no
 * gap.
 */
export async function newestOf<Item extends { id: string }>(
  items: AsyncIterable<Item>,
  pageSize: number,
  shown: ReadonlySet<string>,
): Promise<Item[]> {
  const newest: Item[] = [];
  let isMet = shown.size === 0;
  for await (const item of items) {
    newest.push(item);
    isMet ||= shown.has(item.id);
    if (isMet && newest.length >= pageSize) break;
  }
  return newest;
}

/**
 * Drops events that are older than what was shown of the same lead. An update of the same version is kept: the state of
 * the SLA changes without one.
 */
export function newerLeadsOnly(
  onUpdate: OnUpdate<components["schemas"]["Lead"][], LeadEvent>,
): OnUpdate<components["schemas"]["Lead"][], LeadEvent> {
  const versions = new Map<string, number>();
  return (update) => {
    if (update.type === "state") {
      for (const { id, version } of update.state) versions.set(id, version);
    } else if (
      update.event.lead_id !== undefined && update.event.version !== undefined
    ) {
      const { lead_id, version, change } = update.event;
      const shown = versions.get(lead_id) ?? 0;
      if (version < shown || (version === shown && change === "created")) {
        return;
      }
      versions.set(lead_id, version);
    }
    onUpdate(update);
  };
}
