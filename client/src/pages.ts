import type { Client } from "openapi-fetch";
import type { paths } from "./api.d.ts";

type Answer<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { "application/json": infer T } } } };
} ? T
  : never;

/** The paths whose GET answers `{ data, total, limit, offset }`, or `{ data, next_before }` as timelines do. */
export type ListPath = {
  [P in keyof paths]: Answer<P> extends
    | { data: unknown[]; total: unknown; offset: unknown }
    | { data: unknown[]; next_before: unknown } ? P
    : never;
}[keyof paths];

/** An item of a list. */
export type ItemOf<P extends ListPath> = Answer<P> extends { data: (infer T)[] } ? T
  : never;

/** The filters of a list, without the page. */
export type ListQuery<P extends ListPath> = paths[P] extends {
  get: { parameters: { query?: infer Q } };
} ? Omit<NonNullable<Q>, "limit" | "offset" | "cursor" | "before">
  : never;

/** The ids in the path of a list. */
export type IdsOf<P extends ListPath> = paths[P] extends {
  get: { parameters: { path: infer I } };
} ? I
  : never;

interface Page<T> {
  data: T[];
  /** null: the last page; undefined: a list that is paged by offsets only. */
  next_cursor?: string | null;
  /** The same of a timeline. */
  next_before?: string | null;
}

type Position =
  | { offset: number }
  | { cursor: string }
  | { before: string }
  | Record<never, never>;

/** Where the next page begins; null: this was the last. */
function positionAfter(
  { data, next_cursor, next_before }: Page<unknown>,
  position: Position,
  pageSize: number,
): Position | null {
  if (next_cursor) return { cursor: next_cursor };
  if (next_before) return { before: next_before };
  if (next_cursor === null || next_before === null || data.length < pageSize) {
    return null;
  }
  return { offset: ("offset" in position ? position.offset : 0) + pageSize };
}

const idOf = (item: unknown): unknown =>
  typeof item === "object" && item !== null && "id" in item ? item.id : undefined;

/**
 * The items of a list from its first to its last page, each once. Lists that answer `next_cursor` or `next_before` are
 * followed by it: they may be of any length, and items may change while they are read. The others end after 10,000 items, and an item that
 * stops matching the filters moves a later one to the page before: collect them first, change them after.
 */
export async function* listPages<P extends ListPath>(
  api: Client<paths>,
  path: P,
  query: ListQuery<P> | undefined,
  pageSize = 100,
  ids?: IdsOf<P>,
): AsyncGenerator<ItemOf<P>> {
  const seen = new Set<unknown>();
  // The compiler cannot follow a path that is not known yet; the types above tie it to its answer.
  const get = api.GET as unknown as (
    path: string,
    init: { params: { query: object; path: object } },
  ) => Promise<{ data?: Page<ItemOf<P>> }>;
  // The first page needs none; timelines know no offset.
  let position: Position | null = {};
  while (position !== null) {
    const { data } = await get(path, {
      params: {
        query: { ...query, limit: pageSize, ...position },
        path: ids ?? {},
      },
    });
    const page: Page<ItemOf<P>> = data ?? { data: [] };
    for (const item of page.data) {
      const id = idOf(item);
      if (id !== undefined && seen.has(id)) continue;
      seen.add(id);
      yield item;
    }
    position = positionAfter(page, position, pageSize);
  }
}
