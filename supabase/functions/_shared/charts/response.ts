import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { isUnchanged } from "../etag.ts";
import { z } from "../zod.ts";
import type { Chart } from "./chart.ts";
import { chartSvg } from "./svg.ts";

/** How a chart is to look. */
export const ThemeQuery = z.object({
  theme: z.enum(["auto", "light", "dark"]).default("auto").openapi({
    description: "auto: as the reader's system is set",
  }),
});

/** A picture of a route definition. */
export const svgResponse = {
  description: "The chart, with a description in words inside",
  content: { "image/svg+xml": { schema: z.string() } },
};

/** Answers a chart, or 304 where the client has it already. A browser that opens it alone runs and loads nothing. */
export async function svgAnswer(
  c: Context<AppEnv>,
  chart: Chart,
  theme: z.infer<typeof ThemeQuery>["theme"],
) {
  const svg = chartSvg(chart, theme);
  if (await isUnchanged(c, svg)) return c.body(null, 304);
  return c.body(svg, 200, {
    "content-type": "image/svg+xml; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
  });
}
