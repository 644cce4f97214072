/*
 * Lite reads the values of filters as numbers, booleans or null where they look like it, whatever the
 * column is: `phone=in.(+233201234567)` finds no phone, `name=eq.true` fails. Quoted values stay text, and
 * PostgreSQL knows the column's type, so this quotes them all.
 */

const compared = "eq|neq|gte|gt|lte|lt";
const listed = new RegExp(`^((?:not\\.)?in)\\.\\((.*)\\)$`, "s");
const scalar = new RegExp(`^((?:not\\.)?(?:${compared}))\\.(.*)$`, "s");
const leaf = new RegExp(`^(.+?)\\.((?:not\\.)?(?:${compared}|in)\\..*)$`, "s");
const tree = /^((?:not\.)?(?:and|or))\((.*)\)$/s;
const reserved = new Set(["select", "columns", "order", "limit", "offset", "on_conflict"]);

/** The query of a request with the values of its filters quoted. */
export function quoteFilters(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...query].map(([name, value]) => {
    if (reserved.has(name) || /\.(?:order|limit|offset)$/.test(name)) return [name, value];
    if (/(?:^|\.)(?:not\.)?(?:and|or)$/.test(name) && /^\(.*\)$/s.test(value)) {
      return [name, `(${quoteTree(value.slice(1, -1))})`];
    }
    return [name, comparesJson(name) ? value : quoteFilter(value, (text) => `"${text}"`)];
  }));
}

/** A jsonb value is compared as JSON: there a quoted one would be another. */
const comparesJson = (column: string) => /->[^>]/.test(column) && !column.includes("->>");

function quoteTree(text: string): string {
  return split(text).map((part) => {
    const [, operator, inner] = tree.exec(part.trim()) ?? [];
    if (operator !== undefined) return `${operator}(${quoteTree(inner ?? "")})`;
    const [, column, filter] = leaf.exec(part) ?? [];
    if (column === undefined || filter === undefined || comparesJson(column)) return part;
    return `${column}.${quoteFilter(filter, quote)}`;
  }).join(",");
}

/** Within a tree or a list the client quotes what needs it; elsewhere quotes belong to the value. */
function quoteFilter(filter: string, quoteScalar: (text: string) => string): string {
  const [, list, values] = listed.exec(filter) ?? [];
  if (list !== undefined) return `${list}.(${split(values ?? "").map(quote).join(",")})`;
  const [, operator, value = ""] = scalar.exec(filter) ?? [];
  return operator === undefined || value.startsWith("{")
    ? filter
    : `${operator}.${quoteScalar(value)}`;
}

const quote = (text: string) => text === "" || /^[{("]/.test(text) ? text : `"${text}"`;

/** Splits at the commas that are neither in quotes nor in parentheses. */
function split(text: string): string[] {
  const parts: string[] = [];
  let [depth, start] = [0, 0];
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[(),]/gs)) {
    if (token === "(") depth++;
    else if (token === ")") depth--;
    else if (token === "," && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)];
}

type Condition = { [key: string]: unknown };

const isCondition = (value: unknown): value is Condition =>
  typeof value === "object" && value !== null;

/** Takes the quotes off patterns within `and` and `or`, which Lite forgets. */
export function unquotePatterns(condition: unknown, inTree = false): void {
  if (!isCondition(condition)) return;
  for (const [key, value] of Object.entries(condition)) {
    const pattern = typeof value === "string" && /^\$(?:not)?i?like$/i.test(key);
    if (inTree && pattern && /^".*"$/s.test(value)) {
      condition[key] = value.slice(1, -1).replace(/\\(["\\])/g, "$1");
    }
    unquotePatterns(value, inTree || key === "$or" || key === "$and");
  }
}
