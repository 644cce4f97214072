import { SheetError } from "../sheet/error.ts";

/** A piece of a file that ends at a row end. `rows`: its non-blank rows. */
export interface Piece {
  position: number;
  first_row: number;
  content: string;
  rows: number;
}

const pieceLength = 256 * 1024;
const longestRow = 1024 * 1024;
/** Rows of one file; more would occupy an organization's imports for hours. */
export const maxRows = 500_000;

const SPACE = 32;
const QUOTE = 34;
const LF = 10;
const CR = 13;

/**
 * Cuts streamed CSV text at row ends, by the same rules as `readRecords`. Each character is read once, however the text
 * is chunked.
 */
export class Splitter {
  #text = "";
  #at = 0;
  #end = 0;
  #state: "start" | "bare" | "quoted" = "start";
  #filled = false;
  #rows = 0;
  #record = 1;
  #firstRecord = 1;
  #position = 0;
  #separator: number;
  totalRows = 0;

  /** @param pieceRows Rows of a piece at most: an import writes one piece per transaction. */
  constructor(delimiter: string, private readonly pieceRows: number) {
    this.#separator = delimiter.charCodeAt(0);
  }

  /** Adds text and yields the complete pieces. */
  *add(text: string, last = false): Generator<Piece> {
    this.#text += text;
    // A quotation mark or a carriage return needs the character after it.
    const limit = last ? this.#text.length : this.#text.length - 1;
    while (this.#at < limit) {
      if (this.#state === "quoted") this.#passQuoted(limit);
      else this.#passBare(limit);
      if (this.#rows >= this.pieceRows || this.#end >= pieceLength) {
        yield this.#cut();
        return yield* this.add("", last);
      }
    }
    if (this.#at - this.#end > longestRow) throw this.#tooLong();
    if (!last) return;
    if (this.#state === "quoted") throw this.#tooLong();
    if (this.#at > this.#end) this.#endRow(this.#at);
    if (this.#end > 0) yield this.#cut();
  }

  #passQuoted(limit: number): void {
    const quote = this.#text.indexOf('"', this.#at);
    const until = quote === -1 ? this.#text.length : quote;
    this.#filled ||=
      this.#text.slice(this.#at, Math.min(until, this.#at + longestRow)).trim() !== "";
    if (quote === -1 || quote >= limit) {
      this.#at = until;
      return;
    }
    const doubled = this.#text.charCodeAt(quote + 1) === QUOTE;
    this.#at = quote + (doubled ? 2 : 1);
    if (doubled) this.#filled = true;
    else this.#state = "bare";
  }

  /** Up to the end of the row, or to a field in quotation marks. */
  #passBare(limit: number): void {
    const text = this.#text;
    let at = this.#at;
    for (; at < limit; at++) {
      const code = text.charCodeAt(at);
      if (code === this.#separator) this.#state = "start";
      else if (code === LF || code === CR) {
        at += code === CR && text.charCodeAt(at + 1) === LF ? 2 : 1;
        this.#at = at;
        this.#endRow(at);
        return;
      } else if (code === QUOTE && this.#state === "start") {
        this.#state = "quoted";
        this.#at = at + 1;
        return;
      } else if (code === SPACE && this.#state === "start") {
        // Spaces may precede a quoted field.
        continue;
      } else {
        this.#state = "bare";
        if (code > 32) this.#filled = true;
      }
    }
    this.#at = at;
  }

  #endRow(end: number): void {
    this.#end = end;
    this.#record++;
    this.#state = "start";
    if (!this.#filled) return;
    this.#filled = false;
    this.#rows++;
    if (++this.totalRows > maxRows) {
      throw new SheetError(
        "too_many_rows",
        `The file has more than ${maxRows} rows. Split it and send the parts.`,
      );
    }
  }

  #cut(): Piece {
    const piece = {
      position: this.#position++,
      first_row: this.#firstRecord,
      content: this.#text.slice(0, this.#end),
      rows: this.#rows,
    };
    this.#text = this.#text.slice(this.#end);
    this.#at -= this.#end;
    this.#end = 0;
    this.#rows = 0;
    this.#firstRecord = this.#record;
    return piece;
  }

  #tooLong(): SheetError {
    return new SheetError(
      "file_unreadable",
      `Row ${this.#record} does not end: perhaps a quotation mark opens there and never closes. ` +
        "Correct that row and send the file again.",
    );
  }
}
