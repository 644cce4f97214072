import { badRequest } from "./answer.ts";
import type { Spreadsheet, Tab } from "./store.ts";

/** Cells of a tab: rows and columns count from 0, ends are included. */
export interface Range {
  tab: Tab;
  firstRow: number;
  lastRow: number;
  firstColumn: number;
  lastColumn: number;
}

/** A: 0, Z: 25, AA: 26. */
const columnOf = (letters: string): number =>
  [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;

const form = /^(?:'((?:[^']|'')+)'|([^'!]+))(?:!([A-Z]+)([0-9]+)(?::([A-Z]+)([0-9]+))?)?$/;

/** A range in A1 notation with the name of its tab. @throws Refusal 400 for a tab or cells that do not exist */
export function parseRange({ tabs }: Spreadsheet, text: string): Range {
  const [, quoted, plain, left, top, right, bottom] = form.exec(text) ?? [];
  const title = quoted?.replaceAll("''", "'") ?? plain;
  const tab = tabs.find((one) => one.title === title);
  if (tab === undefined) throw badRequest(`Unable to parse range: ${text}`);
  const range: Range = {
    tab,
    firstRow: Number(top ?? 1) - 1,
    lastRow: Number(bottom ?? top ?? tab.rowCount) - 1,
    firstColumn: left === undefined ? 0 : columnOf(left),
    lastColumn: left === undefined ? tab.columnCount - 1 : columnOf(right ?? left),
  };
  if (range.lastRow >= tab.rowCount || range.lastColumn >= tab.columnCount) {
    throw badRequest(
      `Range (${text}) exceeds grid limits. Max rows: ${tab.rowCount}, max columns: ${tab.columnCount}`,
    );
  }
  return range;
}
