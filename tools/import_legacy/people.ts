import { isUuid } from "./legacy_id.ts";

/** The old service's people, by everything that rows of it call them. */
export interface People {
  /** name: as rows mention people who have no id there. */
  add(
    person: {
      oldId: string;
      email: string;
      name: string | null;
      userId: string;
    },
  ): void;
  /** The account behind an old id, an e-mail address or a full name that only one person has; null: nobody known. */
  find(value: unknown): string | null;
}

export function peopleIndex(): People {
  const known = new Map<string, string | null>();
  const key = (text: string) => text.trim().toLowerCase().replace(/\s+/g, " ");
  return {
    add({ oldId, email, name, userId }) {
      known.set(key(oldId), userId);
      known.set(key(email), userId);
      if (!name || isUuid(name)) return;
      const other = known.get(key(name));
      known.set(
        key(name),
        other !== undefined && other !== userId ? null : userId,
      );
    },
    find(value) {
      return value === null || value === undefined ? null : known.get(key(String(value))) ?? null;
    },
  };
}
