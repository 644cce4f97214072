import { expandsTooMuch } from "./error.ts";
import { MAX_PIECE } from "./limits.ts";
import type { ZipArchive } from "./zip.ts";

// Only these: entities that a document type declares are never expanded, so none can explode.
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const ENTITY = /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,4}));/gi;
const ESCAPED_UNIT = /_x([\da-f]{4})_/gi;

function codePoint(number: number): string {
  return number <= 0x10ffff ? String.fromCodePoint(number) : "\ufffd";
}

/** The text that XML source stands for. */
export function xmlText(source: string): string {
  if (!source.includes("&")) return source;
  return source.replace(ENTITY, (whole, decimal, hex, name) => {
    if (decimal) return codePoint(Number(decimal));
    if (hex) return codePoint(parseInt(hex, 16));
    return ENTITIES[name] ?? whole;
  });
}

/** Text of a cell: XML, and Excel's own escape for what XML cannot hold (`_x000D_`). */
export function cellSource(source: string): string {
  const text = xmlText(source);
  if (!text.includes("_x")) return text;
  return text.replace(ESCAPED_UNIT, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}

const attributePatterns = new Map<string, RegExp>();

/** An attribute's value in the source of a start tag. */
export function attribute(tag: string, name: string): string | null {
  let pattern = attributePatterns.get(name);
  if (!pattern) {
    pattern = new RegExp(`\\s${name}\\s?=\\s?(?:"([^"]*)"|'([^']*)')`);
    attributePatterns.set(name, pattern);
  }
  const match = pattern.exec(tag);
  return match ? xmlText(match[1] ?? match[2] ?? "") : null;
}

/** The start tags of one element, whatever its namespace prefix is. */
export function startTags(xml: string, name: string): string[] {
  return xml.match(new RegExp(`<(?:[\\w.-]{1,40}:)?${name}(?=[\\s/>])[^<>]*>`, "g")) ?? [];
}

/** What stands between the first start tag of an element and the next end tag of its name. */
export function section(xml: string, name: string): string {
  const start = xml.search(new RegExp(`<(?:[\\w.-]{1,40}:)?${name}[\\s>]`));
  if (start === -1) return "";
  const length = xml.slice(start + 1).search(new RegExp(`</(?:[\\w.-]{1,40}:)?${name}\\s*>`));
  return length === -1 ? "" : xml.slice(start, start + 1 + length);
}

/** A whole part of a workbook as text; for the parts that are small in every honest file. */
export async function readPart(zip: ZipArchive, name: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of zip.pieces(name)) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > 4 * MAX_PIECE) throw expandsTooMuch();
  }
  return text + decoder.decode();
}
