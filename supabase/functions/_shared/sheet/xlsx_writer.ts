/** A cell to write; all are texts, so that none can be a formula. */
export type TextCell = string | number | boolean | null;

const SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml";
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const SHEET = "xl/worksheets/sheet1.xml";

const PARTS: [string, string][] = [
  [
    "[Content_Types].xml",
    `${HEAD}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ` +
    `ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
    `<Override PartName="/xl/workbook.xml" ContentType="${CONTENT}.sheet.main+xml"/>` +
    `<Override PartName="/${SHEET}" ContentType="${CONTENT}.worksheet+xml"/></Types>`,
  ],
  [
    "_rels/.rels",
    `${HEAD}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" ` +
    `Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  ],
  [
    "xl/_rels/workbook.xml.rels",
    `${HEAD}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" ` +
    `Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
  ],
  [
    "xl/workbook.xml",
    `${HEAD}<workbook xmlns="${SPREADSHEET}" xmlns:r="${OFFICE}"><sheets>` +
    `<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  ],
];

// deno-lint-ignore no-control-regex -- matches characters that XML does not allow
const SPECIAL = /[&<>\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
// deno-lint-ignore no-control-regex -- removes characters that XML does not allow
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const longestCell = 32_767;

function escaped(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replace(UNWRITABLE, "").replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

function rowXml(cells: readonly TextCell[]): string {
  let xml = "<row>";
  for (const cell of cells) {
    if (cell === null || cell === "") xml += "<c/>";
    else {
      const text = escaped(String(cell).slice(0, longestCell).toWellFormed());
      xml += `<c t="inlineStr"><is><t xml:space="preserve">${text}</t></is></c>`;
    }
  }
  return xml + "</row>";
}

interface Entry {
  name: Uint8Array;
  crc: number;
  packed: number;
  size: number;
  offset: number;
}

/** A local header (PKWARE APPNOTE 4.3.7), with checksums after the data, or a directory entry (4.3.12) with them. */
function header(entry: Entry, directory: boolean): Uint8Array {
  const bytes = new Uint8Array((directory ? 46 : 30) + entry.name.length);
  const view = new DataView(bytes.buffer);
  const at = directory ? 6 : 4;
  view.setUint32(0, directory ? 0x02014b50 : 0x04034b50, true);
  if (directory) view.setUint16(4, 20, true);
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, 0x0808, true); // checksums follow the data, names are UTF-8
  view.setUint16(at + 4, 8, true); // deflate
  view.setUint16(at + 8, 0x21, true); // 1980-01-01
  if (directory) {
    view.setUint32(16, entry.crc, true);
    view.setUint32(20, entry.packed, true);
    view.setUint32(24, entry.size, true);
    view.setUint32(42, entry.offset, true);
  }
  view.setUint16(at + 22, entry.name.length, true);
  bytes.set(entry.name, directory ? 46 : 30);
  return bytes;
}

function dataDescriptor({ crc, packed, size }: Entry): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (const [place, value] of [0x08074b50, crc, packed, size].entries()) {
    view.setUint32(place * 4, value, true);
  }
  return bytes;
}

function endOfDirectory(entries: number, size: number, offset: number): Uint8Array {
  const bytes = new Uint8Array(22);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, entries, true);
  view.setUint16(10, entries, true);
  view.setUint32(12, size, true);
  view.setUint32(16, offset, true);
  return bytes;
}

async function* sheetXml(
  slices: AsyncIterable<readonly (readonly TextCell[])[]>,
): AsyncGenerator<string> {
  yield `${HEAD}<worksheet xmlns="${SPREADSHEET}"><sheetData>`;
  for await (const rows of slices) {
    let xml = "";
    for (const row of rows) xml += rowXml(row);
    yield xml;
  }
  yield "</sheetData></worksheet>";
}

async function* single(text: string): AsyncGenerator<string> {
  yield text;
}

/**
 * A workbook (.xlsx) of one sheet of texts, streamed: only one slice of rows is in memory. The first row of the first
 * slice is the header.
 */
export async function* xlsxFile(
  slices: AsyncIterable<readonly (readonly TextCell[])[]>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const entries: Entry[] = [];
  let offset = 0;
  const parts: [string, AsyncIterable<string>][] = [
    ...PARTS.map(([name, text]): [string, AsyncIterable<string>] => [name, single(text)]),
    [SHEET, sheetXml(slices)],
  ];
  for (const [name, text] of parts) {
    const entry: Entry = { name: encoder.encode(name), crc: 0, packed: 0, size: 0, offset };
    const head = header(entry, false);
    yield head;
    for await (const packed of deflated(text, entry)) {
      entry.packed += packed.length;
      yield packed;
    }
    yield dataDescriptor(entry);
    entries.push(entry);
    offset += head.length + entry.packed + 16;
  }
  let size = 0;
  for (const entry of entries) {
    const head = header(entry, true);
    size += head.length;
    yield head;
  }
  yield endOfDirectory(entries.length, size, offset);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 (ISO 3309) continued over these bytes. */
function crc32(bytes: Uint8Array, before: number): number {
  let crc = ~before;
  for (let at = 0; at < bytes.length; at++) {
    crc = (CRC_TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

/** The compressed text; its length and checksum are set in the entry. */
function deflated(text: AsyncIterable<string>, entry: Entry): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  async function* bytes(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const piece of text) {
      const encoded = encoder.encode(piece);
      entry.crc = crc32(encoded, entry.crc);
      entry.size += encoded.length;
      yield encoded;
    }
  }
  return ReadableStream.from(bytes()).pipeThrough(new CompressionStream("deflate-raw"));
}
