import { z } from "./zod.ts";

/** Query parameters of every list. */
export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50)
    .openapi({ description: "Rows per page, 1 to 200", example: 50 }),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0)
    .openapi({ description: "Rows to skip", example: 0 }),
});

/** The answer of every list: a page of rows and the total. */
export function pageOf<T extends z.ZodType>(row: T) {
  return z.object({
    data: z.array(row),
    total: z.int().openapi({ example: 1 }),
    limit: z.int().openapi({ example: 50 }),
    offset: z.int().openapi({ example: 0 }),
  });
}

/** Query parameters of lists of many rows: an offset skips some of them, a cursor continues anywhere. */
export const CursorQuery = PageQuery.extend({
  offset: z.coerce.number().int().min(0).max(10_000).default(0)
    .openapi({ description: "Rows to skip, up to 10,000; use cursor beyond", example: 0 }),
  cursor: z.string().min(1).max(2_000).optional()
    .openapi({ description: "next_cursor of the page before, with the same sort and filters" }),
});

/** The answer of a list of many rows. */
export function cursorPageOf<T extends z.ZodType>(row: T) {
  return pageOf(row).extend({
    total: z.int().openapi({ description: "Up to 10,000 if total_is_capped", example: 1 }),
    total_is_capped: z.boolean().openapi({
      description: "Whether there are more rows than total, which were not counted",
    }),
    next_cursor: z.string().nullable().openapi({ description: "null: the last page" }),
  });
}

const CursorPage = z.object({
  total: z.number(),
  total_is_capped: z.boolean(),
  next_cursor: z.string().nullable(),
  rows: z.array(z.unknown()),
});

/** A page as `private.find_page` returns it, as the API's. */
export function toCursorPage<T>(
  answer: unknown,
  { limit, offset }: { limit: number; offset: number },
  toRow: (row: unknown) => T,
) {
  const { rows, ...found } = CursorPage.parse(answer);
  return { data: rows.map(toRow), limit, offset, ...found };
}
