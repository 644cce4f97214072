import { unsupported } from "./error.ts";

export type FileKind = "xlsx" | "xls" | "csv";

const SIGNATURES: [string, FileKind | "unsupported"][] = [
  ["504b0304", "xlsx"],
  ["504b0506", "xlsx"],
  ["d0cf11e0a1b11ae1", "xls"],
  ["25504446", "unsupported"], // PDF
  ["89504e47", "unsupported"], // PNG
  ["ffd8ff", "unsupported"], // JPEG
  ["47494638", "unsupported"], // GIF
  ["52617221", "unsupported"], // RAR
  ["377abcaf", "unsupported"], // 7z
  ["1f8b", "unsupported"], // gzip
  ["7b5c727466", "unsupported"], // RTF
];

/**
 * The kind of a file by its first bytes; names are unreliable: people rename files, and programs
 * save web pages as .xls. A file without a signature is text.
 */
export function fileKind(bytes: Uint8Array): FileKind {
  const start = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  const kind = SIGNATURES.find(([signature]) => start.startsWith(signature))?.[1];
  if (kind === "unsupported") throw unsupported();
  return kind ?? (isBareWorkbook(bytes) ? "xls" : "csv");
}

/** Excel 2 to 4 wrote a workbook without a container: a BOF record, its length, its version. */
function isBareWorkbook(bytes: Uint8Array): boolean {
  const [type, version = 0, length = 0, high] = bytes;
  return type === 9 && [0, 2, 4, 8].includes(version) && [4, 6, 8, 16].includes(length) &&
    high === 0;
}
