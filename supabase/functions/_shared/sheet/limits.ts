/** Maximum size of a workbook or of an arrears file, in bytes. */
export const MAX_FILE_BYTES = 10 * 1024 * 1024;

/** Maximum unpacked size of the parts of an .xlsx file that are read, in bytes. */
export const MAX_EXPANDED_BYTES = 24 * 1024 * 1024;

/** Maximum number of files in an .xlsx archive. */
export const MAX_ENTRIES = 10_000;

/** Maximum number of XML tags passed to SheetJS for one file. */
export const MAX_TAGS = 1_200_000;

/** Maximum number of cells and shared texts of an .xls file passed to SheetJS. */
export const MAX_RECORDS = 240_000;

/** Maximum text kept of one file, in characters. */
export const MAX_TEXT = 24 * 1024 * 1024;

/** Characters kept of a cell; a longer value is invalid in every column. */
export const MAX_CELL = 10_000;

/** The header row is searched in this many rows from the top. */
export const HEADER_ROWS = 30;

/** Columns further right are ignored. */
export const MAX_COLUMNS = 1_000;

/**
 * Maximum number of non-blank rows below the header. With this many a fresh function stays below
 * its 2 s of CPU and 256 MB: `bench/upload_parse.ts`.
 */
export const MAX_ROWS = { xlsx: 20_000, xls: 15_000, csv: 75_000 } as const;
