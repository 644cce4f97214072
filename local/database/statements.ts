/** A statement of a script and the line it begins on. */
export interface Statement {
  text: string;
  line: number;
}

const token = new RegExp(
  [
    /--[^\n]*/,
    /\/\*[^]*?\*\//,
    /\be'(?:[^'\\]|\\.|'')*'/,
    /'(?:[^']|'')*'/,
    /"(?:[^"]|"")*"/,
    /(\$(?:[a-z_]\w*)?\$)[^]*?\1/,
    /;/,
  ].map(({ source }) => source).join("|"),
  "gi",
);

/** Splits a script at its semicolons, not at those in strings, comments and function bodies. */
export function splitStatements(script: string): Statement[] {
  const statements: Statement[] = [];
  let [start, line] = [0, 1];
  const add = (end: number) => {
    const raw = script.slice(start, end + 1);
    const lead = /^(?:\s+|--[^\n]*|\/\*[^]*?\*\/)*/.exec(raw)?.[0] ?? "";
    const text = raw.slice(lead.length, end - start).trim();
    if (text) statements.push({ text, line: line + lineBreaks(lead) });
    line += lineBreaks(raw);
    start = end + 1;
  };
  for (const match of script.matchAll(token)) {
    if (match[0] === ";") add(match.index);
  }
  add(script.length);
  return statements;
}

const lineBreaks = (text: string) => text.split("\n").length - 1;
