import type { Bar } from "./report.ts";
import type { Content } from "./words.ts";

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes text for HTML, between tags and in quoted attributes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => entities[c] ?? c);

/** The parts around the content of an e-mail. */
export interface Frame {
  locale: string;
  organization: string;
  hello: string;
  footer: string;
}

const longestBar = 24;

/** Characters of a bar; what is not zero has one at least. */
const lengthOf = (share: number): number =>
  Math.max(share === 0 ? 0 : 1, Math.round(Math.abs(share) * longestBar));

/** Bars of block characters, each with its value. */
function barsAsText(bars: readonly Bar[]): string {
  return bars.map(({ label, value, share }) =>
    `${label}: ${value}\n${(share < 0 ? "░" : "█").repeat(lengthOf(share))}`
  ).join("\n");
}

/** Bars as cells of a table, each with its value. */
function barsAsHtml(bars: readonly Bar[]): string {
  const rows = bars.map(({ label, value, share }) =>
    `<tr><td style="padding:3px 12px 3px 0;font-size:14px;width:34%">${escapeHtml(label)}</td>` +
    `<td style="padding:3px 0"><table role="presentation" width="100%" style="border-collapse:collapse"><tr>` +
    `<td style="background:${share < 0 ? "#b4500b" : "#2563a8"};height:14px;padding:0;width:${
      Math.round(Math.abs(share) * 75)
    }%"></td><td style="padding:0 0 0 8px;font-size:13px;color:#475467;white-space:nowrap">${
      escapeHtml(value)
    }</td></tr></table></td></tr>`
  );
  return `<table role="presentation" width="100%" style="margin:0 0 16px;border-collapse:collapse">${
    rows.join("")
  }</table>`;
}

/** The plain-text form. */
export function asText(
  { lines, note, facts = [], bars = [], link }: Content,
  frame: Frame,
): string {
  const given = facts.filter(([, value]) => value);
  return [
    frame.hello,
    ...lines,
    note && note.split("\n").map((line) => `> ${line}`).join("\n"),
    given.map(([label, value]) => `${label}: ${value}`).join("\n"),
    bars.length > 0 && barsAsText(bars),
    link?.url && `${link.label}: ${link.url}`,
    `-- \n${frame.footer}`,
  ].filter(Boolean).join("\n\n") + "\n";
}

/** The HTML form, with inline styles only, which all mail programs support. */
export function asHtml(
  { lines, note, facts = [], bars = [], link }: Content,
  frame: Frame,
): string {
  const p = (text: string) =>
    `<p style="margin:0 0 16px">${escapeHtml(text).replaceAll("\n", "<br>")}</p>`;
  const rows = facts.filter((fact): fact is [string, string] => Boolean(fact[1])).map((
    [label, value],
  ) =>
    `<tr><td style="padding:4px 16px 4px 0;color:#667085">${escapeHtml(label)}</td>` +
    `<td style="padding:4px 0">${escapeHtml(value)}</td></tr>`
  );
  const parts = [
    p(frame.hello),
    ...lines.map(p),
    note
      ? `<blockquote style="margin:0 0 16px;padding:0 0 0 12px;border-left:3px solid #d0d5dd">${
        escapeHtml(note).replaceAll("\n", "<br>")
      }</blockquote>`
      : "",
    rows.length > 0
      ? `<table role="presentation" style="margin:0 0 16px;border-collapse:collapse">${
        rows.join("")
      }</table>`
      : "",
    bars.length > 0 ? barsAsHtml(bars) : "",
    link?.url
      ? `<p style="margin:0 0 16px"><a href="${
        escapeHtml(link.url)
      }" style="display:inline-block;padding:10px 18px;` +
        `background:#1d4ed8;color:#ffffff;text-decoration:none;border-radius:6px">${
          escapeHtml(link.label)
        }</a></p>`
      : "",
  ];
  return `<!doctype html><html lang="${escapeHtml(frame.locale)}"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width"></head>` +
    `<body style="margin:0;padding:24px;background:#f2f4f7;font:16px/1.5 system-ui,sans-serif;color:#101828">` +
    `<div style="max-width:560px;margin:0 auto;padding:24px;background:#ffffff;border-radius:8px">` +
    `<p style="margin:0 0 24px;font-weight:600">${escapeHtml(frame.organization)}</p>${
      parts.filter(Boolean).join("")
    }` +
    `<p style="margin:24px 0 0;color:#667085;font-size:13px">${
      escapeHtml(frame.footer)
    }</p></div></body></html>\n`;
}
