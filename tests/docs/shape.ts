/** A value as JSON has it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const MORE = "…";
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

const kindOf = (value: Json): string =>
  value === null ? "null" : Array.isArray(value) ? "array" : typeof value;

/**
 * Where an answer is not as a document shows it; empty: it is. Ids and times need only have their form. `…` stands for
 * anything: within a text, as a value, as the last element of a list (further elements) and as a key (further keys).
 * Everything else must be equal, and lists and objects complete.
 */
export function differences(shown: Json, answer: Json, place = "answer"): string[] {
  if (shown === MORE) return [];
  if (kindOf(shown) !== kindOf(answer)) {
    return [`${place} is ${JSON.stringify(answer)}, not ${JSON.stringify(shown)}`];
  }
  if (typeof shown === "string") return textDifferences(shown, String(answer), place);
  if (Array.isArray(shown) && Array.isArray(answer)) return listDifferences(shown, answer, place);
  if (isObject(shown) && isObject(answer)) return objectDifferences(shown, answer, place);
  return shown === answer ? [] : [`${place} is ${answer}, not ${shown}`];
}

function textDifferences(shown: string, answer: string, place: string): string[] {
  const form = [UUID, TIME].find((one) => one.test(shown));
  const parts = shown.split(MORE).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const expected = form ?? new RegExp(`^${parts.join("[\\s\\S]*")}$`);
  return expected.test(answer)
    ? []
    : [`${place} is ${JSON.stringify(answer)}, not ${JSON.stringify(shown)}`];
}

function listDifferences(shown: Json[], answer: Json[], place: string): string[] {
  const open = shown.at(-1) === MORE;
  const items = open ? shown.slice(0, -1) : shown;
  if (answer.length < items.length || (!open && answer.length > items.length)) {
    return [`${place} has ${answer.length} elements, not ${items.length}${open ? " or more" : ""}`];
  }
  return items.flatMap((item, index) =>
    differences(item, answer[index] ?? null, `${place}[${index}]`)
  );
}

function objectDifferences(
  shown: { [key: string]: Json },
  answer: { [key: string]: Json },
  place: string,
): string[] {
  const keys = Object.keys(shown).filter((key) => key !== MORE);
  const hidden = MORE in shown ? [] : Object.keys(answer).filter((key) => !(key in shown));
  return [
    ...hidden.map((key) => `${place} also has ${key}`),
    ...keys.flatMap((key) => {
      const [expected, found] = [shown[key], answer[key]];
      if (expected === undefined || found === undefined) return [`${place} has no ${key}`];
      return differences(expected, found, `${place}.${key}`);
    }),
  ];
}

const isObject = (value: Json): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The last object or list among what commands have printed; undefined: there is none. */
export function lastJson(printed: string): Json | undefined {
  let last: Json | undefined;
  for (let at = 0; at < printed.length; at++) {
    if (printed[at] !== "{" && printed[at] !== "[") continue;
    const end = endOf(printed, at);
    try {
      last = JSON.parse(printed.slice(at, end));
      at = end - 1;
    } catch {
      // Something else that begins with a bracket.
    }
  }
  return last;
}

/** Behind the bracket that closes the one at `start`, or the end of the text. */
function endOf(text: string, start: number): number {
  let depth = 0;
  for (const match of text.slice(start).matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (match[0] === "{" || match[0] === "[") depth++;
    if (match[0] === "}" || match[0] === "]") depth--;
    if (depth === 0) return start + match.index + match[0].length;
  }
  return text.length;
}
