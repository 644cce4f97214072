import assert from "node:assert/strict";
import { z } from "zod";
import type { Tab } from "../../supabase/functions/_shared/google/sheets.ts";
import { FrozenRun } from "../../supabase/functions/_shared/reports/run.ts";
import {
  cellValue,
  columnLetters,
  sheetSlice,
} from "../../supabase/functions/_shared/reports/spreadsheet_cells.ts";
import {
  draftRequests,
  draftTitle,
  swapRequests,
} from "../../supabase/functions/_shared/reports/spreadsheet_tabs.ts";

const Mark = z.object({
  metadataKey: z.string(),
  metadataValue: z.string(),
  location: z.object({ sheetId: z.int() }),
});
type Request = Record<string, Record<string, unknown>>;

function runOf(id: string, name = "Leads: by [source]") {
  const frozen = FrozenRun.parse({
    id,
    name,
    organization_name: "School",
    owner_name: "Ama",
    definition: { source: "leads", filters: {}, grouping: [], sorting: [] },
    time_zone: "Africa/Accra",
    period: null,
    columns: [{ id: "leads.first_name", label: "First name", type: "text", role: "field" }],
    totals: [],
    row_count: 3,
    records: 3,
    row_limit: 100_000,
    truncated: false,
    partial: [],
    as_of: "2026-11-30T00:00:00Z",
    frozen_at: "2026-11-30T00:00:00Z",
  });
  return { ...frozen, frozen_rows: 4, tab_key: "schedule" };
}

/** The tabs after these requests, as far as a swap looks at them. */
function applied(tabs: Tab[], requests: object[]): Tab[] {
  let now = tabs.map((tab) => ({ ...tab, marks: [...tab.marks] }));
  for (const request of requests as Request[]) {
    const { addSheet, deleteSheet, createDeveloperMetadata, updateSheetProperties } = request;
    const properties = (addSheet ?? updateSheetProperties)?.["properties"] as Tab | undefined;
    if (addSheet && properties) {
      now.push({
        sheetId: properties.sheetId,
        title: properties.title,
        index: now.length,
        marks: [],
      });
    }
    if (createDeveloperMetadata) {
      const { metadataKey, metadataValue, location } = Mark.parse(
        createDeveloperMetadata["developerMetadata"],
      );
      now.find(({ sheetId }) => sheetId === location.sheetId)?.marks
        .push({ key: metadataKey, value: metadataValue });
    }
    if (deleteSheet) now = now.filter(({ sheetId }) => sheetId !== deleteSheet["sheetId"]);
    if (updateSheetProperties && properties) {
      const tab = now.find(({ sheetId }) => sheetId === properties.sheetId);
      if (tab && properties.title) tab.title = properties.title;
      if (tab && properties.index !== undefined) {
        now = now.filter((one) => one !== tab);
        now.splice(properties.index, 0, tab);
      }
    }
    now.forEach((tab, index) => tab.index = index);
  }
  return now;
}

const titles = (tabs: Tab[]) => tabs.map(({ title }) => title);
const theirs = (sheetId: number, title: string): Tab => ({ sheetId, title, index: 0, marks: [] });

Deno.test("Cells are numbers, serial days and texts; what looks like a formula or a number stays what it is", () => {
  assert.deepEqual(
    [
      cellValue("integer", 7),
      cellValue("money", "12.50"),
      cellValue("number", "12 apples"),
      cellValue("date", "2026-11-30"),
      cellValue("timestamp", "2026-11-30T12:00:00+00:00"),
      cellValue("text", "=HYPERLINK(1)"),
      cellValue("text", "0012"),
      cellValue("list", ["a", "b"]),
      cellValue("boolean", false),
      cellValue("text", null),
      cellValue("text", "x".repeat(60_000)).toString().length,
    ],
    [7, 12.5, "12 apples", 46_356, 46_356.5, "=HYPERLINK(1)", "0012", "a; b", false, "", 50_000],
  );
  assert.deepEqual([0, 25, 26, 51, 52, 701, 702].map(columnLetters), [
    "A",
    "Z",
    "AA",
    "AZ",
    "BA",
    "ZZ",
    "AAA",
  ]);
});

Deno.test("A slice has as many rows as one request takes, at least one, in a range that its row alone decides", () => {
  const run = runOf("run");
  const long = "x".repeat(45_000);
  const rows = Array.from(
    { length: 40 },
    (_, at) => [at + 1, null, [long]] as [number, null, string[]],
  );
  const slice = sheetSlice(run, rows, { tab: "T", row: 2 });
  assert.deepEqual(
    [slice.rows, slice.position, slice.nextRow, slice.data?.range],
    [22, 22, 24, "'T'!A2:A23"],
  );
  assert.deepEqual(sheetSlice(run, rows, { tab: "T", row: 2 }), slice);
  const total = sheetSlice(run, [[9, 0, [null]]], { tab: "T", row: 5 });
  assert.deepEqual(
    [total.data, total.nextRow, total.position],
    [null, 5, 9],
    "a list without sums has no total",
  );
});

Deno.test("A new tab takes the place and the name of the one before; tabs and copies of people stay", () => {
  const first = runOf("first");
  let tabs = applied([theirs(1, "Notes"), theirs(2, "leads by source")], draftRequests(first, []));
  assert.deepEqual(draftRequests(first, tabs), [], "a second runner makes none");
  tabs = applied(tabs, swapRequests(first, tabs, null));
  assert.deepEqual(titles(tabs), [
    "Notes",
    "leads by source",
    "Leads by source (2)",
    "Leads by source (2) – about",
  ]);
  assert.deepEqual(swapRequests(first, tabs, null), [], "a second runner swaps nothing");
  const report = tabs[2];
  assert(report);
  report.title = "Monday";
  const copy = { ...report, sheetId: 77, title: "Copy of Monday", index: 4 };
  const abandoned = runOf("abandoned");
  tabs = applied([...tabs, copy], draftRequests(abandoned, tabs));
  const second = runOf("second");
  tabs = applied(tabs, draftRequests(second, tabs));
  assert(titles(tabs).includes(draftTitle(abandoned)));
  tabs = applied(tabs, swapRequests(second, tabs, 4));
  assert.deepEqual(titles(tabs), [
    "Notes",
    "leads by source",
    "Monday",
    "Leads by source (2) – about",
    "Copy of Monday",
  ]);
  assert.notEqual(tabs[2]?.sheetId, report.sheetId);
  assert.throws(() => swapRequests(runOf("third"), tabs, null), /deleted/);
});
