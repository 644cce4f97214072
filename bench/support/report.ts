import { cpus } from "node:os";
import type postgres from "postgres";
import type { Findings, Row } from "./benchmark.ts";

/** A benchmark's findings under its title, and when and on what they came about. */
export interface Section extends Findings {
  title: string;
  machine: string;
}

/** The ratio of ours to the baseline, or what else the target is for. */
const ratioOf = ({ ours, baseline }: Row): number =>
  baseline === undefined ? ours : ours / baseline;

/** Whether a row keeps its target; null without one. */
export function isKept(row: Row): boolean | null {
  if (row.target === undefined) return null;
  return "atMost" in row.target
    ? ratioOf(row) <= row.target.atMost
    : ratioOf(row) >= row.target.atLeast;
}

function figure(value: number): string {
  const digits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function target({ target, baseline, unit }: Row): string {
  if (target === undefined) return "";
  const [sign, limit] = "atMost" in target ? ["≤", target.atMost] : ["≥", target.atLeast];
  return baseline === undefined ? `${sign} ${figure(limit)} ${unit}` : `${sign} ${limit}`;
}

function cells(row: Row): string[] {
  const { what, ours, baseline, unit } = row;
  const kept = isKept(row);
  return [
    what,
    `${figure(ours)} ${unit}`,
    baseline === undefined ? "" : `${figure(baseline)} ${unit}`,
    baseline === undefined ? "" : (ours / baseline).toFixed(2),
    target(row),
    kept === null ? "" : kept ? "ok" : "over",
  ];
}

const head = ["what", "ours", "baseline", "ratio", "target", ""];

/** Rows with their columns aligned, for people at a terminal. */
export function asText(rows: Row[]): string {
  const table = [head, ...rows.map(cells)];
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd())
    .join("\n");
}

function asMarkdown({ title, machine, rows, notes = [] }: Section): string {
  const line = (row: string[]) => `| ${row.join(" | ")} |`;
  const ruler = "| --- | ---: | ---: | ---: | ---: | --- |";
  const table = [line(head), ruler, ...rows.map((row) => line(cells(row)))].join("\n");
  return [`### ${title}`, machine, table, ...notes].join("\n\n");
}

/** When and on what the figures came about. */
export async function describeMachine(sql: postgres.Sql): Promise<string> {
  const [server] = await sql`select split_part(version(), ' ', 2) as version`;
  const memory = Math.round(Deno.systemMemoryInfo().total / 2 ** 30);
  const model = cpus()[0]?.model ?? "unknown processor";
  return `Measured ${
    new Date().toISOString().slice(0, 10)
  } on ${cpus().length} cores (${model}), ${memory} GB; ` +
    `Deno ${Deno.version.deno}, PostgreSQL ${server?.version}.`;
}

const markers = [
  "<!-- figures: written by `deno task bench --write` -->",
  "<!-- end of figures -->",
] as const;

/**
 * Replaces the figures of a section in a document and keeps those of others, in the order of the titles; figures
 * under no title of these are dropped.
 * @throws when its markers are gone.
 */
export function withFigures(document: string, section: Section, titles: string[]): string {
  const [start, end] = markers.map((marker) => document.indexOf(marker));
  if (start === undefined || end === undefined || start < 0 || end < start) {
    throw new Error(`The document lacks the lines ${markers.join(" and ")}.`);
  }
  const written = document.slice(start + markers[0].length, end).split(/^### /m).slice(1);
  const texts = new Map(written.map((text) => [text.split("\n", 1)[0], `### ${text.trim()}`]));
  texts.set(section.title, asMarkdown(section));
  const parts = [markers[0], ...titles.flatMap((title) => texts.get(title) ?? [])];
  return `${document.slice(0, start)}${parts.join("\n\n")}\n\n${document.slice(end)}`;
}
