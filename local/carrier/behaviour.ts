/** What becomes of a message in the end, in the carrier's own words. */
export type FinalStatus = "delivered" | "undelivered" | "prohibited";

/** All that the carrier decides about a message by its recipient. */
export interface Fate {
  /** Refused at once, or refused with 429 the first two times. */
  refusal?: "invalid" | "opted_out" | "busy";
  final: FinalStatus;
  /** Twilio's error code of the final status. */
  errorCode?: number;
  /** How the sender of an accepted message is answered. */
  answer?: "error" | "cut";
  callbacks?: "shuffled" | "none";
}

const FATES: Readonly<Record<string, Fate>> = {
  "0001": { refusal: "invalid", final: "undelivered" },
  "0003": { final: "undelivered", errorCode: 30003 },
  // Arkesel has no such refusal: it accepts the message and reports it as prohibited.
  "0004": { refusal: "opted_out", final: "prohibited" },
  "0005": { final: "undelivered", errorCode: 30005 },
  "0007": { final: "prohibited", errorCode: 30007 },
  "0029": { refusal: "busy", final: "delivered" },
  "0050": { final: "delivered", answer: "error" },
  "0051": { final: "delivered", answer: "cut" },
  "0060": { final: "delivered", callbacks: "shuffled" },
  "0061": { final: "delivered", callbacks: "none" },
};

/** The fate of a message to this number, chosen by its last four digits. */
export function fateOf(to: string): Fate {
  return FATES[to.slice(-4)] ?? { final: "delivered" };
}

/** Counts refusals, so that `0029` is refused twice for each message that then goes through. */
export function createBusyLine(): (key: string) => boolean {
  const refused = new Map<string, number>();
  return (key) => {
    const times = refused.get(key) ?? 0;
    if (times === 2) return !refused.delete(key);
    refused.set(key, times + 1);
    return true;
  };
}

/** The statuses to report, in the order in which callbacks go out. */
export function callbackOrder<T>(fate: Fate, sent: T, final: T): T[] {
  if (fate.callbacks === "none") return [];
  return fate.callbacks === "shuffled" ? [final, final, sent, sent] : [sent, final];
}
