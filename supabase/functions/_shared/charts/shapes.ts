/** What a chart is drawn with, in points from the top left. Text is placed by its baseline. */
export type Shape =
  | { kind: "bar"; x: number; y: number; width: number; height: number; series: number }
  | { kind: "rule"; x1: number; y1: number; x2: number; y2: number }
  | { kind: "line"; points: [number, number][]; series: number }
  | { kind: "point"; x: number; y: number; series: number }
  | {
    kind: "text";
    x: number;
    y: number;
    text: string;
    size: number;
    anchor: "start" | "middle" | "end";
    tone: "strong" | "soft";
  };

/** A chart that is laid out. */
export interface Layout {
  width: number;
  height: number;
  shapes: Shape[];
}

/** The width of a text at most, by that of digits in DejaVu Sans, which PDFs are set in. */
export const textWidth = (text: string, size: number): number => [...text].length * size * 0.64;

/** The width of every chart. */
export const width = 720;
