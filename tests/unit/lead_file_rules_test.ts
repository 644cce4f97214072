import { deepEqual, equal, match } from "node:assert/strict";
import { splitFullName } from "../../supabase/functions/_shared/lead_import/full_name.ts";
import { suggestMapping } from "../../supabase/functions/_shared/file_import/mapping.ts";
import { leadFieldRules } from "../../supabase/functions/_shared/lead_import/mapping.ts";
import { rowsOfPiece } from "../../supabase/functions/_shared/file_import/piece.ts";
import { leadReader } from "../../supabase/functions/_shared/lead_import/row.ts";
import { loadPhoneNumbers } from "../../supabase/functions/_shared/phone.ts";
import { csvForm } from "../../supabase/functions/_shared/sheet/csv_form.ts";
import { HeaderSearch } from "../../supabase/functions/_shared/sheet/header.ts";
import { FileHeaderRules } from "../../supabase/functions/_shared/file_import/header.ts";
import { csvOfWorkbook } from "../../supabase/functions/_shared/file_import/workbook.ts";
import { handmadeXlsx, xmlRow } from "../fixtures/sheets.ts";

await loadPhoneNumbers();

const terms = {
  fields: [
    { key: "motto", label: "Motto", type: "text" as const, required: false, choices: [] },
    {
      key: "plan",
      label: "Plan",
      type: "choice" as const,
      required: false,
      choices: ["None", "A"],
    },
  ],
  stages: [],
};
const place = { country: "GH", currency: "GHS", timeZone: "Africa/Accra" };

const newSearch = (headerRow: number | null = null) => () =>
  new HeaderSearch(
    new FileHeaderRules(leadFieldRules(terms, place.currency), headerRow !== null),
    headerRow,
  );

/** What an import makes of a CSV text. */
function read(text: string, headerRow: number | null = null) {
  const { delimiter, header } = csvForm(text, newSearch(headerRow));
  const columns = header.columns.map((column) => ({ ...column, sample: null }));
  const mapping = suggestMapping(columns, leadFieldRules(terms, place.currency));
  const parse = leadReader({ mapping, terms, ...place });
  const form = {
    delimiter,
    headerRow: header.row,
    width: header.width,
    named: header.named,
    isUnicode: true,
  };
  const rows = rowsOfPiece({ content: text, first_row: 1 }, form);
  return { header, mapping, rows: rows.map((row) => ({ row: row.row, ...parse(row) })) };
}

const fieldsOf = (messages: { field: string }[]) => messages.map(({ field }) => field);

Deno.test("a row with a wrong number of fields is refused, whatever its cells say", () => {
  const { rows } = read(
    "Full name,Phone,Value\nAma,0244199914,1,234.50\nEsi,0244199915\nYaw,0244199916,5,,\n",
  );
  deepEqual(rows.map(({ errors }) => fieldsOf(errors)), [[""], [""], []]);
  match(rows[0]?.errors[0]?.message ?? "", /4 fields, but the header has 3/);
});

Deno.test("a delimiter at the end of the header gives no room for half of an amount", () => {
  const { rows } = read("Full name,Phone,Value,\nAma,0244199914,1,234.50\nYaw,0244199916,5,\n");
  deepEqual(rows.map(({ errors }) => fieldsOf(errors)), [[""], []]);
});

Deno.test("the header is the best of the first rows, not the first with words", () => {
  const titled = read(
    "Leads of the open day,Prepared by Ama,,\n,,,\nFull name,Mobile,E-mail,Region\nAma,0244199904,a@example.com,Volta\n",
  );
  deepEqual([titled.header.row, titled.mapping], [3, {
    0: "full_name",
    1: "phone",
    2: "email",
    3: "region",
  }]);
  const region = read("Region,Greater Accra\nPeriod,November 2026\nName,Phone\nAma,0244199904\n");
  deepEqual([region.header.row, region.mapping], [3, { 0: "full_name", 1: "phone" }]);
  const twoRows = read(
    "Name,Contact,,Address,\n,Phone,E-mail,Region,Country\nAma,0244199904,a@example.com,Volta,GH\n",
  );
  deepEqual([twoRows.header.row, twoRows.mapping], [2, {
    0: "full_name",
    1: "phone",
    2: "email",
    3: "region",
    4: "country",
  }]);
  equal(
    read("Who,Where\nName,Phone\nAma,0244199904\n", 1).header.row,
    1,
    "the client knows better",
  );
  equal(read("Who,Where\nAma,Accra\n").header.row, 1, "without known names words make a header");
});

Deno.test("a currency is no part of the name of a column", () => {
  deepEqual(read("Name,Budget (GHS),Phone 1\nAma,5,0244199904\n").mapping, {
    0: "full_name",
    1: "value",
    2: "phone",
  });
});

Deno.test("an optional contact that cannot be read is left out with a warning if there is another", () => {
  const { rows } = read(
    "Name,Phone,Email\nA,0244199901,a@b\nB,12,b@example.com\nC,12,\nD,,d@b\nE,0244199902,N/A\nF,none,f@example.com\n" +
      'G,0244199903,"g@example.com; h@example.com"\n',
  );
  deepEqual(
    rows.map(({ record: lead, errors, warnings }) => [
      lead.phone ?? null,
      lead.email ?? null,
      fieldsOf(errors),
      fieldsOf(warnings),
    ]),
    [
      ["+233244199901", null, [], ["email"]],
      [null, "b@example.com", [], ["phone"]],
      [null, null, ["phone"], []],
      [null, null, ["email"], []],
      ["+233244199902", null, [], []],
      [null, "f@example.com", [], []],
      ["+233244199903", "g@example.com", [], []],
    ],
  );
});

Deno.test("words for nothing are empty cells, but answers of the organization's own fields", () => {
  const { rows } = read("Name,Region,Value,Motto,Plan\nAma,-,nil,none,None\nEsi,NULL,n/a,-,-\n");
  deepEqual(
    rows.map(({ record: lead, errors }) => [lead.region, lead.value, lead.custom_fields, errors]),
    [
      [undefined, undefined, { motto: "none", plan: "None" }, []],
      [undefined, undefined, undefined, []],
    ],
  );
});

Deno.test("a suffix is no first name", () => {
  for (
    const [text, first, last] of [
      ["Ama Mensah, MBA", "Ama", "Mensah MBA"],
      ["Ama Mensah, PhD", "Ama", "Mensah PhD"],
      ["Kofi Boateng, Jr.", "Kofi", "Boateng Jr."],
      ["Kofi Boateng Jr", "Kofi", "Boateng Jr"],
      ["Smith, John, Jr.", "John", "Smith Jr."],
      ["Mensah, Ama Serwaa", "Ama Serwaa", "Mensah"],
      ["Ama Serwaa Mensah", "Ama Serwaa", "Mensah"],
      ["Jack Ma", "Jack", "Ma"],
      ["Ama", "Ama", ""],
      ["MBA", "MBA", ""],
    ]
  ) deepEqual(splitFullName(text ?? ""), { first, last }, text);
});

Deno.test("formulas and errors of workbooks are checked as in every upload, and rows keep their numbers", async () => {
  const row = (n: number, xml: string) =>
    xmlRow(n, [`A${n}`, `02441770${n}`]).replace("</row>", `${xml}</row>`);
  const sheet = [
    xmlRow(1, ["Read me", "Second"]),
    xmlRow(3, ["Full name", "Phone", "Region"]),
    row(10, '<c t="str"><f>IF(1=1,"","x")</f><v></v></c>'),
    row(12, "<c><f>1+2</f></c>"),
    row(13, '<c t="e"><v>#N/A</v></c>'),
    row(14, '<c t="inlineStr"><is><t>\'05 &#128512;</t></is></c>').replace(
      "<row ",
      '<row hidden="1" ',
    ),
  ].join("");
  const { text, header, hiddenRows } = await csvOfWorkbook(
    handmadeXlsx({ sheet }),
    "xlsx",
    newSearch()(),
  );
  const { rows } = read(text);
  deepEqual(
    rows.map(({ row, record: lead, errors }) => [row, lead.region ?? null, fieldsOf(errors)]),
    [
      [10, null, []],
      [12, null, ["region"]],
      [13, null, ["region"]],
      [14, "'05 😀", []],
    ],
  );
  match(rows[1]?.errors[0]?.message ?? "", /no stored result/);
  equal(rows[1]?.errors[0]?.value, null, "words that the clerk did not write are not shown");
  deepEqual([header.row, hiddenRows], [3, [14]]);
});
