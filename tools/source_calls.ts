/** The languages whose calls are read. */
export type Language = "sql" | "typescript";

/** A call in a source text, with the texts of its arguments. */
export interface SourceCall {
  name: string;
  args: string[];
}

/** Where a string that begins at `start` ends. */
function endOfString(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\" && quote !== "'") at++;
    else if (text[at] === quote) return at;
  }
  return text.length;
}

/** The arguments of the call whose parenthesis opens before `start`. */
function argumentsFrom(text: string, start: number, quotes: string): string[] {
  const args: string[] = [];
  let depth = 0;
  let begin = start;
  for (let at = start; at < text.length; at++) {
    const letter = text[at] ?? "";
    if (quotes.includes(letter)) at = endOfString(text, at);
    else if ("([{".includes(letter)) depth++;
    else if (letter === "," && depth === 0) {
      args.push(text.slice(begin, at).trim());
      begin = at + 1;
    } else if (")]}".includes(letter) && depth-- === 0) {
      return [...args, text.slice(begin, at).trim()].filter((argument) => argument !== "");
    }
  }
  return args;
}

/** The calls of some functions; comments count as text. */
export function callsOf(text: string, names: string[], language: Language): SourceCall[] {
  const quotes = language === "sql" ? "'" : "\"'`";
  return names.flatMap((name) =>
    [...text.matchAll(new RegExp(`\\b${name.replaceAll(".", "\\.")}\\(`, "g"))].map((call) => ({
      name,
      args: argumentsFrom(text, call.index + call[0].length, quotes),
    }))
  );
}

/** The strings in an expression that look like names (`a ? "this_one" : "that_one"`). */
export function namesIn(expression: string, language: Language): string[] {
  const found = expression.matchAll(language === "sql" ? /'([a-z_0-9]+)'/g : /"([a-z_0-9]+)"/g);
  return [...found].map(([, name = ""]) => name);
}

/** The value of an argument that is only strings, also joined ones; undefined if it is anything else. */
export function literalOf(argument: string, language: Language): string | undefined {
  const part = language === "sql" ? /'(?:[^']|'')*'/g : /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g;
  const parts = argument.match(part);
  if (!parts || /[^\s+|]/.test(argument.replaceAll(part, ""))) return undefined;
  return parts.map((text) => {
    if (language === "sql") return text.slice(1, -1).replaceAll("''", "'");
    return text.slice(1, -1).replaceAll(/\\(.)/g, "$1");
  }).join("");
}
