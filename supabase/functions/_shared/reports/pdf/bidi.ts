import bidiFactory, { type Bidi } from "bidi-js";

/** The package's types say of the factory that it is the module. */
const bidi = (bidiFactory as unknown as () => Bidi)();

/** Letters and marks that are written from right to left, and the controls that change directions. */
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u200f\u202b\u202e\u2067]/;
/** Scripts whose runs the font engine turns around already. */
const turnedByFont = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
/** Controls that the font has no picture for. */
const controls = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A line as words, and the spaces between them, from left to right, each as it is given to the font engine. */
export interface Line {
  runs: string[];
  rightToLeft: boolean;
}

/** Letters of different words do not join, so that each word is shaped, and remembered, by itself. */
const words = (text: string): string[] => text.match(/ +|[^ ]+/g) ?? [];

const turned = (text: string): string => [...text].reverse().join("");

/** A run of an odd level: the font engine turns Arabic and Hebrew, anything else is turned here. */
function oddRun(text: string): string {
  const mirrored = [...text].map((char) => bidi.getMirroredCharacter(char) ?? char).join("");
  return turnedByFont.test(mirrored) ? mirrored : turned(mirrored);
}

/** A run of an even level: Arabic-Indic digits, which the font engine would turn, are turned before. */
const evenRun = (text: string): string => turnedByFont.test(text) ? turned(text) : text;

interface Level {
  level: number;
  from: number;
  to: number;
}

function levelsOf(levels: Uint8Array): Level[] {
  const runs: Level[] = [];
  levels.forEach((level, at) => {
    const last = runs.at(-1);
    if (last?.level === level) last.to = at + 1;
    else runs.push({ level, from: at, to: at + 1 });
  });
  return runs;
}

/** Rule L2 of UAX #9 over whole runs: from the highest level down to 1, what stands together is turned around. */
function inVisualOrder(runs: Level[]): Level[] {
  const order = [...runs];
  const highest = Math.max(...order.map(({ level }) => level), 0);
  for (let level = highest; level > 0; level--) {
    for (let from = 0; from < order.length; from++) {
      let to = from;
      while ((order[to]?.level ?? -1) >= level) to++;
      if (to - from > 1) order.splice(from, to - from, ...order.slice(from, to).reverse());
      from = Math.max(from, to - 1);
    }
  }
  return order;
}

/** A line of text in the order in which it is drawn. */
export function lineOf(text: string): Line {
  if (!rightToLeft.test(text)) return { runs: words(text), rightToLeft: false };
  const { levels, paragraphs } = bidi.getEmbeddingLevels(text);
  const runs = inVisualOrder(levelsOf(levels)).flatMap(({ level, from, to }) => {
    const parts = words(text.slice(from, to).replace(controls, ""));
    return level % 2 === 1 ? parts.reverse().map(oddRun) : parts.map(evenRun);
  });
  return { runs, rightToLeft: (paragraphs[0]?.level ?? 0) % 2 === 1 };
}
