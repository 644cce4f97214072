import type { Keys, Repeat } from "../file_import/kind.ts";
import type { ClientRow } from "./row.ts";

/** By what a client is found, the strongest first; a name only where there is nothing else. */
export function clientKeys(row: ClientRow): Keys {
  const { external_id = null, account_number = null, phone = null, email = null } = row;
  const hasOther = external_id ?? account_number ?? phone ?? email;
  return { external_id, account_number, phone, email, name: hasOther ? null : row.name ?? null };
}

interface Earlier {
  row: number;
  round: number;
}

/** The earlier rows by what they have, so that each finds those that may be about the same client. */
class Seen {
  readonly #byId = new Map<string, Earlier>();
  readonly #withId = new Map<string, Earlier>();
  readonly #withoutId = new Map<string, Earlier>();

  /** The latest earlier row with one of the keys. Rows with different external ids are about different clients. */
  find({ external_id, ...others }: Keys): (Earlier & { field: string }) | null {
    const same = external_id == null ? undefined : this.#byId.get(external_id.toLowerCase());
    let found = same === undefined ? null : { ...same, field: "external_id" };
    for (const [field, value] of Object.entries(others)) {
      if (value === null) continue;
      const key = `${field} ${value.toLowerCase()}`;
      for (
        const seen of external_id == null ? [this.#withId, this.#withoutId] : [this.#withoutId]
      ) {
        const earlier = seen.get(key);
        if (earlier && earlier.round >= (found?.round ?? 0)) found = { ...earlier, field };
      }
    }
    return found;
  }

  add({ external_id, ...others }: Keys, earlier: Earlier): void {
    if (external_id != null) this.#byId.set(external_id.toLowerCase(), earlier);
    const seen = external_id == null ? this.#withoutId : this.#withId;
    for (const [field, value] of Object.entries(others)) {
      if (value !== null) seen.set(`${field} ${value.toLowerCase()}`, earlier);
    }
  }
}

/** For each row the earlier row about the same client, or null. A row with days of its own adds a time of service. */
export function clientRepeats(
  rows: readonly { row: number; record: ClientRow }[],
): (Repeat | null)[] {
  const seen = new Seen();
  return rows.map(({ row, record }) => {
    const keys = clientKeys(record);
    const earlier = seen.find(keys);
    const round = (earlier?.round ?? 0) + 1;
    seen.add(keys, { row, round });
    if (earlier === null) return null;
    const isOwn = record.since !== undefined || record.churned_on !== undefined;
    return { field: earlier.field, firstRow: earlier.row, round, isOwn };
  });
}
