import assert from "node:assert/strict";
import { join } from "node:path";
import { database } from "../support/db.ts";
import { newOrganization } from "../support/people.ts";
import { build, exported, type PreviewBody } from "../support/reports.ts";

/** What a program of Debian's writes to its standard output. */
async function said(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    env: { LC_ALL: "C.UTF-8" },
  })
    .output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert(success, `${program}: ${decode(stderr)}`);
  return decode(stdout);
}

const names = ["Ɖela Ɔkɛ", "Nana Agyei", "محمد علي", "=1+1", "Zoë O'Brien"];

/** A report with three leads of each name, and its files in a folder that goes with it. */
async function reportFiles() {
  const { id, admin } = await newOrganization({ name: "Ɔkwan School" });
  await database()`insert into public.leads (organization_id, first_name, source, value, currency)
    select ${id}, (${names}::text[])[1 + n % 5], (array['fair', 'website'])[1 + n % 2], 100 + n, 'GHS'
    from generate_series(0, 14) n`;
  const report: PreviewBody = await build(admin, {
    name: "Leads — تقرير",
    fields: ["leads.full_name", "leads.source", "leads.value"],
    sorting: ["leads.value"],
  });
  const folder = await Deno.makeTempDir({ prefix: "signalbox-files-" });
  for (const format of ["csv", "xlsx", "pdf"]) {
    const { bytes } = await exported(admin, report.report_id, format);
    await Deno.writeFile(join(folder, `report.${format}`), bytes);
  }
  return {
    report,
    path: (format: string) => join(folder, `report.${format}`),
    folder,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

const valuesOf = ({ preview_data }: PreviewBody) =>
  preview_data.map((row) => [row["leads.full_name"], row["leads.source"], row["leads.value"]]);

Deno.test("Poppler reads a PDF's text in its order, Ewe, Twi and Arabic letters among it, and finds its fonts inside", async () => {
  await using files = await reportFiles();
  const lines = (await said("pdftotext", "-layout", files.path("pdf"), "-")).split("\n");
  for (const [name, source, value] of valuesOf(files.report)) {
    const amount = String(value).replace(/\.00$/, "");
    const line = lines.find((line) => line.includes(amount) && line.includes(String(source)));
    assert(line?.normalize("NFKC").includes(String(name)), `${name}, ${amount}: ${line}`);
  }
  const text = lines.join("\n").normalize("NFKC");
  assert(text.includes("تقرير"), text.slice(0, 400));
  assert(text.includes("Ɔkwan School"), text.slice(0, 400));
  const fonts = (await said("pdffonts", files.path("pdf"))).trim().split("\n").slice(2);
  assert(fonts.length > 0);
  for (const font of fonts) {
    assert.match(font, /\s(yes)\s+(yes|no)\s+(yes|no)\s+\d+\s+\d+\s*$/, "is embedded");
  }
});

Deno.test("unzip finds a workbook whole, and LibreOffice reads from it what the preview shows", async () => {
  await using files = await reportFiles();
  assert.match(await said("unzip", "-t", files.path("xlsx")), /No errors detected/);
  const profile = `-env:UserInstallation=file://${files.folder}/profile`;
  for (const format of ["xlsx", "csv"]) {
    const out = join(files.folder, `from_${format}`);
    await said(
      "soffice",
      profile,
      "--headless",
      "--infilter=CSV:44,34,76,1",
      ...["--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false"],
      ...["--outdir", out, files.path(format)],
    );
    const rows = (await Deno.readTextFile(join(out, "report.csv"))).trim().split("\n").slice(1);
    // A CSV file has no types: what would be a formula has an apostrophe before it, and a number has no format.
    const wanted = valuesOf(files.report).map(([name, source, value]) =>
      format === "xlsx"
        ? `${name},${source},${value}`
        : `${String(name).replace(/^=/, "'=")},${source},${Number(value)}`
    );
    assert.deepEqual(
      rows.slice(0, wanted.length).map((row) => row.replaceAll('"', "")),
      wanted,
      format,
    );
  }
});
