/** The largest file that is read, in bytes. */
export const MAX_FILE_BYTES = 10 * 1024 * 1024;

/** What the parts of an .xlsx file that are read may come to when unpacked, in bytes. */
export const MAX_EXPANDED_BYTES = 96 * 1024 * 1024;

/** A single row, or a single shared text, longer than this (in characters) is an attack. */
export const MAX_PIECE = 2 * 1024 * 1024;

/** Text that is kept of one file at most, in characters: shared texts, and cells that count. */
export const MAX_TEXT = 24 * 1024 * 1024;

/** Cells that need an object each (shared texts, dates, formatted numbers) at most. */
export const MAX_OBJECTS = 1_000_000;

/** What is kept of a long cell, in characters; whatever is longer is invalid in every column. */
export const MAX_CELL = 1_000;

/** The header row is looked for in this many rows from the top. */
export const HEADER_ROWS = 30;

/** Columns further right are not looked at. */
export const MAX_COLUMNS = 1_000;

/**
 * Rows with something in them that are read at most, below the header. These many take between
 * half and three quarters of the 2 s CPU that a hosted function has: `bench/upload_parse.ts`.
 */
export const MAX_ROWS = { xlsx: 50_000, xls: 50_000, csv: 75_000 } as const;
