import { z } from "zod";
import { badRequest } from "./answer.ts";
import type { Spreadsheet, Store, Tab } from "./store.ts";

const Properties = z.object({
  sheetId: z.int().min(0).max(2 ** 31 - 1),
  title: z.string().min(1).max(100),
  index: z.int().min(0),
  hidden: z.boolean(),
  gridProperties: z.object({
    rowCount: z.int().min(1),
    columnCount: z.int().min(1),
    frozenRowCount: z.int().min(0),
  }).partial(),
}).partial();
type Properties = z.infer<typeof Properties>;

const Request = z.strictObject({
  addSheet: z.object({ properties: Properties }),
  deleteSheet: z.object({ sheetId: z.int() }),
  updateSheetProperties: z.object({
    properties: Properties.required({ sheetId: true }),
    fields: z.string(),
  }),
  repeatCell: z.object({
    range: z.object({ sheetId: z.int() }).loose(),
    cell: z.unknown(),
    fields: z.string(),
  }),
  createDeveloperMetadata: z.object({
    developerMetadata: z.object({
      metadataKey: z.string().min(1),
      metadataValue: z.string(),
      visibility: z.enum(["DOCUMENT", "PROJECT"]),
      location: z.object({ sheetId: z.int() }),
    }),
  }),
}).partial();
export const Batch = z.object({ requests: z.array(Request).min(1) });

/** Cells of all tabs together: https://support.google.com/drive/answer/37603 */
const maxCells = 10_000_000;

function tabOf({ tabs }: Spreadsheet, sheetId: number): Tab {
  const tab = tabs.find((one) => one.sheetId === sheetId);
  if (tab === undefined) throw badRequest(`No sheet with id: ${sheetId}`);
  return tab;
}

function requireFreeTitle({ tabs }: Spreadsheet, title: string, except: Tab | null): void {
  const same = (one: Tab) => one !== except && one.title.toLowerCase() === title.toLowerCase();
  if (tabs.some(same)) {
    throw badRequest(
      `A sheet with the name "${title}" already exists. Please enter another name.`,
    );
  }
}

function requireCells({ tabs }: Spreadsheet): void {
  const cells = tabs.reduce((sum, { rowCount, columnCount }) => sum + rowCount * columnCount, 0);
  if (cells > maxCells) {
    throw badRequest(
      "This action would increase the number of cells in the workbook above the limit of 10000000 cells.",
    );
  }
}

function addSheet(spreadsheet: Spreadsheet, properties: Properties) {
  const { tabs } = spreadsheet;
  const {
    title = `Sheet${tabs.length + 1}`,
    sheetId = Math.floor(Math.random() * 2 ** 31),
    index = tabs.length,
    hidden = false,
    gridProperties = {},
  } = properties;
  requireFreeTitle(spreadsheet, title, null);
  if (tabs.some((one) => one.sheetId === sheetId)) {
    throw badRequest(`A sheet with the id ${sheetId} already exists.`);
  }
  const { rowCount = 1000, columnCount = 26, frozenRowCount = 0 } = gridProperties;
  const grid = { rowCount, columnCount, frozenRowCount };
  const tab = { sheetId, title, hidden, ...grid, metadata: [], formats: [] };
  tabs.splice(Math.min(index, tabs.length), 0, tab);
  requireCells(spreadsheet);
  return { addSheet: { properties: { sheetId, title, hidden, gridProperties: grid } } };
}

function deleteSheet(spreadsheet: Spreadsheet, store: Store, sheetId: number): void {
  const tab = tabOf(spreadsheet, sheetId);
  if (spreadsheet.tabs.every((one) => one === tab || one.hidden)) {
    throw badRequest("You can't remove all the visible sheets in a document.");
  }
  spreadsheet.tabs = spreadsheet.tabs.filter((one) => one !== tab);
  store.removeCells(spreadsheet.id, sheetId);
}

function updateSheet(
  spreadsheet: Spreadsheet,
  properties: Properties & { sheetId: number },
  fields: string[],
): void {
  const tab = tabOf(spreadsheet, properties.sheetId);
  const { title, hidden, index } = properties;
  if (fields.includes("title") && title !== undefined) {
    requireFreeTitle(spreadsheet, title, tab);
    tab.title = title;
  }
  if (fields.includes("hidden")) tab.hidden = hidden ?? false;
  if (fields.includes("index") && index !== undefined) {
    const others = spreadsheet.tabs.filter((one) => one !== tab);
    others.splice(Math.min(index, others.length), 0, tab);
    spreadsheet.tabs = others;
  }
}

function applyOne(spreadsheet: Spreadsheet, store: Store, request: z.infer<typeof Request>) {
  const { addSheet: add, deleteSheet: remove, updateSheetProperties: update } = request;
  const { repeatCell, createDeveloperMetadata } = request;
  if (add) return addSheet(spreadsheet, add.properties);
  if (remove) deleteSheet(spreadsheet, store, remove.sheetId);
  else if (update) updateSheet(spreadsheet, update.properties, update.fields.split(","));
  else if (repeatCell) tabOf(spreadsheet, repeatCell.range.sheetId).formats.push(repeatCell);
  else if (createDeveloperMetadata) {
    const { metadataKey, metadataValue, location } = createDeveloperMetadata.developerMetadata;
    tabOf(spreadsheet, location.sheetId).metadata.push({ metadataKey, metadataValue });
  } else throw badRequest("Must specify one request.");
  return {};
}

/** `POST …/{id}:batchUpdate`: all of its requests, or, in the transaction of its caller, none. */
export function applyBatch(
  store: Store,
  spreadsheet: Spreadsheet,
  { requests }: z.infer<typeof Batch>,
) {
  const replies = requests.map((request) => applyOne(spreadsheet, store, request));
  store.saveSpreadsheet(spreadsheet);
  return { spreadsheetId: spreadsheet.id, replies };
}
