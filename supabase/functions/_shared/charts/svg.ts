import { type Chart, chartText } from "./chart.ts";
import { layOut } from "./layout.ts";
import type { Shape } from "./shapes.ts";

/** auto: as the reader's system is set. */
export type Theme = "auto" | "light" | "dark";

/** Colours of the series, told apart in both themes by contrast of at least 3 : 1 to the ground. */
const light = ["#2563a8", "#b4500b", "#2e7d4f", "#8a3ea0", "#8a6d00", "#5b6573"];
const dark = ["#7ab3ef", "#f0a064", "#74c796", "#cf95e0", "#d9bd55", "#a9b4c2"];

/** Patterns over the colours, so that series are told apart without them. */
const patterns = [
  "",
  '<path d="M-1 1l2-2M0 6l6-6M5 7l2-2"/>',
  '<circle cx="3" cy="3" r="1.2"/>',
  '<path d="M0 3h6"/>',
  '<path d="M3 0v6"/>',
  '<path d="M0 0l6 6M6 0l-6 6"/>',
];
const dashes = ["", "7 4", "2 4", "10 4 2 4", "4 2", "1 3"];

const escaped = (text: string): string =>
  // Control characters are not allowed in XML at all.
  // deno-lint-ignore no-control-regex
  text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "").toWellFormed()
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

const n = (value: number): string => String(Math.round(value * 100) / 100);

function shape(item: Shape): string {
  switch (item.kind) {
    case "bar": {
      const place = `x="${n(item.x)}" y="${n(item.y)}" width="${n(item.width)}" height="${
        n(item.height)
      }"`;
      const over = item.series > 0 ? `<rect ${place} fill="url(#p${item.series})"/>` : "";
      return `<rect ${place} class="s${item.series}"/>${over}`;
    }
    case "rule":
      return `<path class="rule" d="M${n(item.x1)} ${n(item.y1)}L${n(item.x2)} ${n(item.y2)}"/>`;
    case "line": {
      const path = item.points.map(([x, y]) => `${n(x)} ${n(y)}`).join("L");
      return `<path class="l${item.series}" d="M${path}"/>`;
    }
    case "point":
      return `<circle class="s${item.series}" cx="${n(item.x)}" cy="${n(item.y)}" r="3"/>`;
    case "text":
      return `<text class="${item.tone}" x="${n(item.x)}" y="${
        n(item.y)
      }" font-size="${item.size}" text-anchor="${item.anchor}">${escaped(item.text)}</text>`;
  }
}

function colours(series: readonly string[], ground: string, strong: string, soft: string): string {
  return [
    `.ground{fill:${ground}}.strong{fill:${strong}}.soft{fill:${soft}}`,
    `.rule{stroke:${soft};stroke-opacity:.35;fill:none}.over{stroke:${ground};fill:none}`,
    ...series.map((colour, at) =>
      `.s${at}{fill:${colour}}.l${at}{stroke:${colour};fill:none;stroke-width:2;stroke-dasharray:${
        dashes[at] || "none"
      }}`
    ),
  ].join("");
}

function style(theme: Theme): string {
  const day = colours(light, "#ffffff", "#1b2430", "#566172");
  const night = colours(dark, "#14181f", "#eef2f7", "#a3aebd");
  if (theme === "auto") return `${day}@media(prefers-color-scheme:dark){${night}}`;
  return theme === "dark" ? night : day;
}

/**
 * A chart as a picture of its own: nothing in it is loaded from elsewhere, no script, no link. Its values stand beside
 * the bars, series differ by pattern as well as by colour, and its description says everything in words.
 */
export function chartSvg(chart: Chart, theme: Theme): string {
  const { width, height, shapes } = layOut(chart);
  const defs = patterns.map((pattern, at) =>
    `<pattern id="p${at}" width="6" height="6" patternUnits="userSpaceOnUse"><g class="over">${pattern}</g></pattern>`
  ).slice(1, chart.series.length).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-16 -8 ${width + 32} ${
    n(height + 24)
  }" width="${width + 32}" height="${
    n(height + 24)
  }" role="img" aria-labelledby="t d" font-family="system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif">` +
    `<title id="t">${escaped(chart.title)}</title><desc id="d">${
      escaped(`${chart.subtitle}. ${chartText(chart)}`)
    }</desc>` +
    `<style>${style(theme)}</style><defs>${defs}</defs>` +
    `<rect class="ground" x="-16" y="-8" width="${width + 32}" height="${n(height + 24)}"/>` +
    `${shapes.map(shape).join("")}</svg>`;
}
