/** The largest file that is read, in bytes. */
export const MAX_FILE_BYTES = 10 * 1024 * 1024;

/** What the parts of an .xlsx file that are read may come to when unpacked, in bytes. */
export const MAX_EXPANDED_BYTES = 24 * 1024 * 1024;

/** Files in an .xlsx archive at most. */
export const MAX_ENTRIES = 10_000;

/** XML tags that SheetJS is given at most, all its readings of one file together. */
export const MAX_TAGS = 1_200_000;

/** Cells and shared texts of an .xls file that SheetJS is given at most, all readings together. */
export const MAX_RECORDS = 240_000;

/** Text that is kept of one file at most, in characters. */
export const MAX_TEXT = 24 * 1024 * 1024;

/** What is kept of a long cell, in characters; whatever is longer is invalid in every column. */
export const MAX_CELL = 1_000;

/** The header row is looked for in this many rows from the top. */
export const HEADER_ROWS = 30;

/** Columns further right are not looked at. */
export const MAX_COLUMNS = 1_000;

/**
 * Rows with something in them that are read at most, below the header. With these many a fresh
 * function stays below its 2 s CPU and 256 MB: `bench/upload_parse.ts`.
 */
export const MAX_ROWS = { xlsx: 20_000, xls: 15_000, csv: 75_000 } as const;
