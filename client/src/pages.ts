import type { Client } from "openapi-fetch";
import type { paths } from "./api.d.ts";

type Answer<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { "application/json": infer T } } } };
} ? T
  : never;

/** The paths whose GET answers `{ data, total, limit, offset }`. */
export type ListPath = {
  [P in keyof paths]: Answer<P> extends { data: unknown[]; total: unknown; offset: unknown } ? P
    : never;
}[keyof paths];

/** An item of a list. */
export type ItemOf<P extends ListPath> = Answer<P> extends { data: (infer T)[] } ? T
  : never;

/** The filters of a list, without the page. */
export type ListQuery<P extends ListPath> = paths[P] extends {
  get: { parameters: { query?: infer Q } };
} ? Omit<NonNullable<Q>, "limit" | "offset" | "cursor">
  : never;

interface Page<T> {
  data: T[];
  /** null: the last page; undefined: a list that is paged by offsets only. */
  next_cursor?: string | null;
}

const idOf = (item: unknown): unknown =>
  typeof item === "object" && item !== null && "id" in item ? item.id : undefined;

/**
 * The items of a list from its first to its last page, each once. Lists that answer `next_cursor` are followed by it: they
 * may be of any length, and items may change while they are read. The others end after 10,000 items, and an item that
 * stops matching the filters moves a later one to the page before: collect them first, change them after.
 */
export async function* listPages<P extends ListPath>(
  api: Client<paths>,
  path: P,
  query: ListQuery<P> | undefined,
  pageSize = 100,
): AsyncGenerator<ItemOf<P>> {
  const seen = new Set<unknown>();
  // The compiler cannot follow a path that is not known yet; the types above tie it to its answer.
  const get = api.GET as unknown as (
    path: string,
    init: { params: { query: object } },
  ) => Promise<{ data?: Page<ItemOf<P>> }>;
  let position: { offset: number } | { cursor: string } = { offset: 0 };
  while (true) {
    const { data }: { data?: Page<ItemOf<P>> } = await get(path, {
      params: { query: { ...query, limit: pageSize, ...position } },
    });
    const items = data?.data ?? [];
    for (const item of items) {
      const id = idOf(item);
      if (id !== undefined && seen.has(id)) continue;
      seen.add(id);
      yield item;
    }
    const next = data?.next_cursor;
    if (next === null || next === undefined && items.length < pageSize) return;
    position = next === undefined
      ? { offset: ("offset" in position ? position.offset : 0) + pageSize }
      : { cursor: next };
  }
}
