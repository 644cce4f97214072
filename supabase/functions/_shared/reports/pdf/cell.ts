import type { CellType } from "../../sheet/xlsx_cells.ts";
import type { ReportColumn } from "../run.ts";

/** A value as people read it. */
export function cellText(value: unknown, type: ReportColumn["type"] | CellType): string {
  if (value === null || value === undefined) return "";
  if (type === "ratio") return `${(Number(value) * 100).toFixed(1)} %`;
  if (type === "boolean") return value === true ? "yes" : "no";
  if (type === "timestamp") return String(value).slice(0, 16).replace("T", " ");
  return Array.isArray(value) ? value.join("; ") : String(value);
}
