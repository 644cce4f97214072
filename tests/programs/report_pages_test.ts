import assert from "node:assert/strict";
import type {
  FrozenRow,
  FrozenRun,
  ReportColumn,
} from "../../supabase/functions/_shared/reports/run.ts";
import { frozenRun, pdfOf } from "../support/frozen_run.ts";

interface Box {
  text: string;
  page: number;
  left: number;
  top: number;
  right: number;
  bottom: number;
}

interface Pages {
  words: Box[];
  sizes: { width: number; height: number }[];
}

/** The words of a PDF and where they stand on its pages, as poppler finds them. */
async function pagesOf(run: FrozenRun, rows: readonly FrozenRow[]): Promise<Pages> {
  const path = await Deno.makeTempFile({ suffix: ".pdf" });
  await Deno.writeFile(path, await pdfOf(run, rows));
  const { success, stdout } = await new Deno.Command("pdftotext", { args: ["-bbox", path, "-"] })
    .output();
  await Deno.remove(path);
  assert(success);
  const pages: Pages = { words: [], sizes: [] };
  for (const line of new TextDecoder().decode(stdout).split("\n")) {
    const [width, height] = numbersOf(/<page width="(.*?)" height="(.*?)"/.exec(line));
    if (width && height) pages.sizes.push({ width, height });
    const [left = 0, top = 0, right = 0, bottom = 0] = numbersOf(
      /<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)"/.exec(line),
    );
    const text = />(.*)<\/word>/.exec(line)?.[1]?.normalize("NFKC");
    if (text) pages.words.push({ text, page: pages.sizes.length, left, top, right, bottom });
  }
  return pages;
}

const numbersOf = (found: RegExpExecArray | null) => found?.slice(1).map(Number) ?? [];

/** Words that cover each other by more than a point, or stand outside the margins. */
function faults({ words, sizes }: Pages): string[] {
  const outside = words.filter(({ page, left, right, bottom }) => {
    const { width = 0, height = 0 } = sizes[page - 1] ?? {};
    return left < 35 || right > width - 35 || bottom > height - 20;
  });
  const covering = words.flatMap((one, at) =>
    words.slice(at + 1).filter((other) =>
      one.page === other.page &&
      Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 &&
      // A line is as high as its font's tallest letters, which is more than the distance of lines.
      Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 3
    ).map((other) => `${one.text} covers ${other.text} on page ${one.page}`)
  );
  return [...outside.map(({ text, page }) => `${text} is outside of page ${page}`), ...covering];
}

const column = (label: string, type: ReportColumn["type"] = "text"): ReportColumn => ({
  id: label,
  label,
  type,
  role: "field",
});

Deno.test("Texts of several lines, long words, Arabic and marks cover nothing and stay on their page", async () => {
  const texts = [
    "One line\nand\ttwo\r\nmore\n\nlines",
    "W".repeat(300),
    "محمد بن عبد الله ".repeat(20),
    "ɔ̀kpɛ́ ŋ̀ɖɛ́ ".repeat(30),
    "Ɖela (الزهراء) 123 ١٢٣",
    "😀 family",
  ];
  const rows = Array.from({ length: 60 }, (_, at): FrozenRow => [
    at + 1,
    null,
    Array.from({ length: 5 }, (_, place) => texts[(at + place) % texts.length]),
  ]);
  const columns = ["One", "Two", "Three", "Four", "Five"].map((label) => column(label));
  const pages = await pagesOf(frozenRun({ columns, row_count: 60, name: "Ŋ ".repeat(300) }), rows);
  assert.deepEqual(faults(pages), []);
  assert.equal(pages.words.filter(({ text }) => text === "One").length >= pages.sizes.length, true);
  const numbers = pages.sizes.map((_, at) => at + 1);
  assert.deepEqual(
    numbers.filter((page) =>
      pages.words.some((word) =>
        word.page === page && word.text === String(page) &&
        word.top > (pages.sizes[page - 1]?.height ?? 0) - 60
      )
    ),
    numbers,
  );
});

Deno.test("No number of a report with thirty columns is cut", async () => {
  const columns = Array.from({ length: 30 }, (_, at) => column(`Amount ${at}`, "money"));
  const amounts = columns.map((_, at) => `${1_234_567 + at}.50`);
  const pages = await pagesOf(frozenRun({ columns, row_count: 1 }), [[1, null, amounts]]);
  assert.deepEqual(faults(pages), []);
  const found = new Set(pages.words.map(({ text }) => text));
  assert.deepEqual(amounts.filter((amount) => !found.has(amount)), []);
});

Deno.test("The total of a list stands under the column that it sums up", async () => {
  const columns: ReportColumn[] = [
    column("Name"),
    column("Value", "money"),
    { id: "sum(Value)", label: "Sum of value", type: "money", role: "total" },
  ];
  const run = frozenRun({ columns, totals: [null, null, "2469.00"], row_count: 2 });
  const { words } = await pagesOf(run, [
    [1, null, ["Ama", "1234.50"]],
    [2, null, ["Kofi", "1234.50"]],
    [3, 0, [null, null, "2469.00"]],
  ]);
  const value = words.find(({ text }) => text === "1234.50");
  const total = words.filter(({ text }) => text === "2469.00").at(-1);
  assert(value && total);
  assert(Math.abs(value.right - total.right) < 3, "They end at the same place.");
  const name = words.find(({ text, top }) => text === "Total" && Math.abs(top - total.top) < 1);
  assert(name, "The row says that it is the total.");
});

Deno.test("Subtotals say so, and a report of one row has it once", async () => {
  const group = (label: string): ReportColumn => ({ ...column(label, "choice"), role: "group" });
  const count: ReportColumn = { ...column("Leads", "integer"), role: "value" };
  const grouped = await pagesOf(
    frozenRun({ columns: [group("Source"), group("Stage"), count], totals: [null, null, 777] }),
    [[1, null, ["fair", "New", 777]], [2, 1, ["fair", null, 777]]],
  );
  const says = (pages: Pages, text: string) =>
    pages.words.filter((word) => word.text === text).length;
  assert.equal(says(grouped, "Subtotal"), 1);
  const single = await pagesOf(frozenRun({ columns: [count], totals: [777] }), [[1, null, [777]]]);
  // Among what is said about the run, and in the table.
  assert.equal(says(single, "777"), 2);
});
