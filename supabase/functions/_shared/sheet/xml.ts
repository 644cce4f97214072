import { expandsTooMuch, unreadable } from "./error.ts";
import type { ZipArchive } from "./zip.ts";

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const ENTITY = /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,4}));/gi;
const SMALL_PART = 2 * 1024 * 1024;
// A cell of Excel has up to 32,767 characters, each of which can be an entity.
const LONGEST_PIECE = 256 * 1024;

function codePoint(number: number): string {
  return number <= 0x10ffff ? String.fromCodePoint(number) : "\ufffd";
}

function xmlText(source: string): string {
  return source.replace(ENTITY, (whole, decimal, hex, name) => {
    if (decimal) return codePoint(Number(decimal));
    if (hex) return codePoint(parseInt(hex, 16));
    return ENTITIES[name] ?? whole;
  });
}

/**
 * Replaces references to characters beyond U+FFFF, of which SheetJS keeps only 16 bits (XML 1.0,
 * 4.1; openpyxl writes all characters that are not ASCII as references).
 */
export function expandReferences(xml: string): string {
  if (!xml.includes("&#")) return xml;
  return xml.replace(/&#(?:(\d{5,7})|x([\da-f]{5,6}));/gi, (whole, decimal, hex) => {
    const code = decimal ? Number(decimal) : parseInt(hex, 16);
    return code > 0xffff ? codePoint(code) : whole;
  });
}

/** The value of an attribute in a start tag; `name` may be a pattern. */
export function attribute(tag: string, name: string): string | null {
  const match = new RegExp(`\\s${name}\\s?=\\s?(?:"([^"]*)"|'([^']*)')`).exec(tag);
  return match ? xmlText(match[1] ?? match[2] ?? "") : null;
}

/** The start tags of an element with any namespace prefix. */
export function startTags(xml: string, name: string): string[] {
  return xml.match(new RegExp(`<(?:[\\w.-]{1,40}:)?${name}(?=[\\s/>])[^<>]*>`, "g")) ?? [];
}

/** The number of tags, which determines the cost of reading XML. */
export function countTags(xml: string): number {
  let count = 0;
  let last = 0;
  for (let at = xml.indexOf("<"); at !== -1; at = xml.indexOf("<", at + 1)) {
    if (at - last > LONGEST_PIECE) throw expandsTooMuch();
    last = at;
    count++;
  }
  if (xml.length - last > LONGEST_PIECE) throw expandsTooMuch();
  return count;
}

/**
 * A part of a workbook. Document types are refused: workbooks have none, and entity expansion
 * attacks need them.
 */
export async function readPart(zip: ZipArchive, name: string): Promise<string> {
  let decoder: TextDecoder | undefined;
  let text = "";
  for await (const piece of zip.pieces(name)) {
    decoder ??= new TextDecoder(encodingOf(piece));
    text += decoder.decode(piece, { stream: true });
  }
  text += decoder?.decode() ?? "";
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw unreadable();
  return text;
}

/** The encoding of a part: UTF-8, or UTF-16 (ECMA-376 part 2, 8.1.4), by its first two bytes. */
function encodingOf([first, second]: Uint8Array): string {
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0)) return "utf-16le";
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c)) return "utf-16be";
  return "utf-8";
}

/** A part that is small in every genuine file. */
export async function readSmallPart(zip: ZipArchive, name: string): Promise<string> {
  const text = await readPart(zip, name);
  if (text.length > SMALL_PART) throw expandsTooMuch();
  return text;
}
