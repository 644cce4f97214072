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
