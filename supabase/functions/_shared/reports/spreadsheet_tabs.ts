import { createHash } from "node:crypto";
import { GoogleError } from "../google/error.ts";
import type { RangeValues, Tab } from "../google/sheets.ts";
import { aboutLines } from "./about.ts";
import { type FrozenRun, heading, type ReportColumn, tableColumns } from "./run.ts";
import { cellValue, rangeOf } from "./spreadsheet_cells.ts";

/** A run that is written into a spreadsheet. */
export interface SheetRun extends FrozenRun {
  /** Its rows, subtotals and total among them. */
  frozen_rows: number;
  /** What the tabs belong to: a newer run of the same replaces them. */
  tab_key: string;
}

/** The developer metadata by which a run knows the tabs that earlier ones have made, whatever they are called now. */
const markKey = "signalbox_report";
const draftPrefix = "Signalbox draft ";
/** Shorter than Google's limit of 100, because a number may follow. */
const longestTitle = 80;

type Part = "report" | "about";

/** The id of a tab that a run makes, the same for every runner of it. */
function idOf(run: SheetRun, part: Part): number {
  return createHash("sha256").update(`${run.id}/${part}`).digest().readUInt32BE() >>> 1;
}

/** The id of the tab with the rows, which an address of it ends with. */
export const reportTabId = (run: SheetRun): number => idOf(run, "report");

/** What the tab is called while it is written. Readers do not see it: it is hidden. */
export const draftTitle = ({ id }: SheetRun): string => draftPrefix + id;
const aboutDraftTitle = (run: SheetRun): string => `${draftTitle(run)} about`;

/** With the id of its tab: a copy of a tab that somebody made has the same mark and another id, and is theirs. */
const mark = (run: SheetRun, part: Part, sheetId: number): string =>
  `${run.tab_key}/${part}/${sheetId}`;

/** The tabs that earlier runs have made, drafts that were left behind among them. */
const earlier = (run: SheetRun, part: Part, tabs: readonly Tab[]): Tab[] =>
  tabs.filter(({ sheetId, marks }) =>
    sheetId !== idOf(run, part) &&
    marks.some(({ key, value }) => key === markKey && value === mark(run, part, sheetId))
  );

const numberFormats: Partial<Record<ReportColumn["type"], { type: string; pattern: string }>> = {
  date: { type: "DATE", pattern: "yyyy-mm-dd" },
  timestamp: { type: "DATE_TIME", pattern: "yyyy-mm-dd hh:mm:ss" },
  money: { type: "NUMBER", pattern: "#,##0.00" },
  ratio: { type: "PERCENT", pattern: "0.00%" },
};

function numberFormat({ type, scale = 2 }: ReportColumn) {
  if (type === "money" && scale > 2) return { type: "NUMBER", pattern: "#,##0.00000" };
  return numberFormats[type];
}

const bold = (sheetId: number, row: number) => ({
  repeatCell: {
    range: { sheetId, startRowIndex: row - 1, endRowIndex: row },
    cell: { userEnteredFormat: { textFormat: { bold: true } } },
    fields: "userEnteredFormat.textFormat.bold",
  },
});

function newTab(
  run: SheetRun,
  part: Part,
  { title, rows, columns }: { title: string; rows: number; columns: number },
): object[] {
  const sheetId = idOf(run, part);
  const gridProperties = {
    rowCount: Math.max(2, rows),
    columnCount: Math.max(1, columns),
    frozenRowCount: 1,
  };
  const developerMetadata = {
    metadataKey: markKey,
    metadataValue: mark(run, part, sheetId),
    location: { sheetId },
    visibility: "DOCUMENT",
  };
  return [
    { addSheet: { properties: { sheetId, title, hidden: true, gridProperties } } },
    { createDeveloperMetadata: { developerMetadata } },
    bold(sheetId, 1),
  ];
}

/** Makes the hidden tabs of a run; none where a runner before has made them already. */
export function draftRequests(run: SheetRun, tabs: readonly Tab[]): object[] {
  const sheetId = reportTabId(run);
  if (tabs.some((tab) => tab.sheetId === sheetId)) return [];
  const columns = tableColumns(run);
  const formats = columns.flatMap((column, at) => {
    const format = numberFormat(column);
    const range = { sheetId, startRowIndex: 1, startColumnIndex: at, endColumnIndex: at + 1 };
    const cell = { userEnteredFormat: { numberFormat: format } };
    return format
      ? [{ repeatCell: { range, cell, fields: "userEnteredFormat.numberFormat" } }]
      : [];
  });
  const about = { title: aboutDraftTitle(run), rows: aboutLines(run).length + 1, columns: 2 };
  const rows = run.frozen_rows + 1;
  return [
    ...newTab(run, "report", { title: draftTitle(run), rows, columns: columns.length }),
    ...formats,
    ...newTab(run, "about", about),
  ];
}

/** The headings, and all of the tab about the run. */
export function headValues(run: SheetRun): RangeValues[] {
  const titles = tableColumns(run).map((column) => heading(column, run.time_zone));
  const lines = aboutLines(run).map(({ label, value, type }) => [label, cellValue(type, value)]);
  return [
    { range: rangeOf(draftTitle(run), 1, 1, titles.length), values: [titles] },
    {
      range: rangeOf(aboutDraftTitle(run), 1, lines.length + 1, 2),
      values: [["About this report", ""], ...lines],
    },
  ];
}

/** A title that no other tab has, from the name of the report. Characters that formulas and Excel give a meaning are left out. */
function freeTitle(name: string, taken: readonly Tab[]): string {
  const titles = new Set(taken.map(({ title }) => title.toLowerCase()));
  const base = name.replace(/[[\]*?/\\:'!]+/g, " ").replace(/\s+/g, " ").trim()
    .slice(0, longestTitle).toWellFormed() || "Report";
  for (let number = 1;; number++) {
    const title = number === 1 ? base : `${base} (${number})`;
    if (!titles.has(title.toLowerCase())) return title;
  }
}

const update = (sheetId: number, properties: object) => ({
  updateSheetProperties: {
    properties: { sheetId, ...properties },
    fields: Object.keys(properties).join(","),
  },
});

/**
 * Puts the tabs of a run in the place of those before, in one step, so that a reader sees the old report or the new one
 * and never half of one. A tab keeps the title and the place that it had. Empty where it is done already.
 * @throws GoogleError `invalid` if somebody deleted the tab meanwhile
 */
export function swapRequests(
  run: SheetRun,
  tabs: readonly Tab[],
  totalRow: number | null,
): object[] {
  const [report, about] = [idOf(run, "report"), idOf(run, "about")];
  const draft = tabs.find(({ sheetId }) => sheetId === report);
  if (draft === undefined) {
    throw new GoogleError("invalid", "The tab was deleted while it was written.");
  }
  if (draft.title !== draftTitle(run)) return [];
  const [reports, abouts] = [earlier(run, "report", tabs), earlier(run, "about", tabs)];
  const old = [...reports, ...abouts];
  const kept = tabs.filter((tab) => !old.includes(tab) && ![report, about].includes(tab.sheetId));
  const isShown = ({ title }: Tab) => !title.startsWith(draftPrefix);
  const [before, aboutBefore] = [reports.find(isShown), abouts.find(isShown)];
  const place = before && kept.filter(({ index }) => index < before.index).length;
  const title = before?.title ?? freeTitle(run.name, kept);
  const aboutTitle = aboutBefore?.title ?? freeTitle(`${title} – about`, kept);
  return [
    // First, because a spreadsheet always has a tab that is not hidden.
    ...[report, about].map((sheetId) => update(sheetId, { hidden: false })),
    ...old.map(({ sheetId }) => ({ deleteSheet: { sheetId } })),
    update(report, { title, ...(place === undefined ? {} : { index: place }) }),
    update(about, { title: aboutTitle, ...(place === undefined ? {} : { index: place + 1 }) }),
    ...(totalRow === null ? [] : [bold(report, totalRow)]),
  ];
}
