/** How wide texts are. */
export interface Ruler {
  /** On one line, as it is drawn: that of a line is the sum of its words and spaces. */
  width(text: string): number;
  /** At most, without shaping it: for parts of what is too long for a line. */
  roughWidth(text: string): number;
}

/** What a text is cut to. longest: more characters than could be shown. */
export interface Frame {
  width: number;
  lines: number;
  longest: number;
}

interface Word {
  text: string;
  width: number;
}

/** What begins a new line in a text. */
const lineBreak = /\r\n|[\n\r\u0085\u2028\u2029]/;
/** A letter with its marks, which stay together. */
const letters = /.\p{M}*/gsu;

/** The words of a text; those that are too long for a line are cut. */
function* wordsThatFit(text: string, ruler: Ruler, room: number): Generator<Word> {
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const width = ruler.width(word);
    if (width <= room) {
      yield { text: word, width };
      continue;
    }
    let part = { text: "", width: 0 };
    for (const [letter] of word.matchAll(letters)) {
      const more = ruler.roughWidth(letter);
      if (part.text !== "" && part.width + more > room) {
        yield part;
        part = { text: "", width: 0 };
      }
      part = { text: part.text + letter, width: part.width + more };
    }
    yield part;
  }
}

function* paragraphLines(text: string, ruler: Ruler, room: number): Generator<string> {
  const space = ruler.width(" ");
  let line: Word | null = null;
  for (const word of wordsThatFit(text, ruler, room)) {
    if (line !== null && line.width + space + word.width <= room) {
      line = { text: `${line.text} ${word.text}`, width: line.width + space + word.width };
      continue;
    }
    if (line !== null) yield line.text;
    line = word;
  }
  if (line !== null) yield line.text;
}

function* allLines(text: string, ruler: Ruler, room: number): Generator<string> {
  for (const paragraph of text.split(lineBreak)) yield* paragraphLines(paragraph, ruler, room);
}

function shortened(line: string, ruler: Ruler, room: number): string {
  const kept = line.match(letters) ?? [];
  while (kept.length > 0 && ruler.width(`${kept.join("")}…`) > room) kept.pop();
  return `${kept.join("")}…`;
}

/** Cuts a text into lines that fit, no more of it than is shown; the last of too many ends with an ellipsis. */
export function wrapped(text: string, ruler: Ruler, frame: Frame): string[] {
  const { width, longest } = frame;
  const isCut = text.length > longest;
  const shown = isCut ? text.slice(0, longest).toWellFormed() : text;
  if (!isCut && !lineBreak.test(text) && ruler.width(text) <= width) return [text];
  const lines: string[] = [];
  for (const line of allLines(shown, ruler, width)) {
    if (lines.length === frame.lines) {
      return [...lines.slice(0, -1), shortened(lines.at(-1) ?? "", ruler, width)];
    }
    lines.push(line);
  }
  if (isCut) lines.push(shortened(lines.pop() ?? "", ruler, width));
  return lines;
}
