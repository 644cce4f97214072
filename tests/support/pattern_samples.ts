import { type Dice, pick } from "./dice.ts";

const MOST_REPEATS = 2;

/** A text that a regular expression of the rules might find: conditions on what surrounds it are not looked at. */
export function sampleOf(pattern: string, roll: Dice): string {
  const [sample, rest] = alternatives(pattern, roll);
  if (rest !== "") throw new Error(`${pattern} ends early, before ${rest}`);
  return sample;
}

/** One of the alternatives up to the end or the closing parenthesis, and what follows. */
function alternatives(pattern: string, roll: Dice): [sample: string, rest: string] {
  const samples: string[] = [""];
  let rest = pattern;
  while (rest !== "" && !rest.startsWith(")")) {
    if (rest.startsWith("|")) {
      samples.push("");
      rest = rest.slice(1);
      continue;
    }
    const [make, after] = atom(rest, roll);
    const repeat = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(after);
    rest = after.slice(repeat?.[0].length ?? 0);
    let sample = samples.pop() ?? "";
    for (let times = howOften(repeat, roll); times > 0; times--) sample += make();
    samples.push(sample);
  }
  return [pick(roll, samples), rest];
}

function howOften(repeat: RegExpExecArray | null, roll: Dice): number {
  if (repeat === null) return 1;
  const [said, least = "0", comma = ",", most = ""] = repeat;
  if (said.startsWith("?")) return roll(2);
  if (said.startsWith("*")) return roll(MOST_REPEATS + 1);
  if (said.startsWith("+")) return 1 + roll(MOST_REPEATS);
  const from = Number(least);
  if (comma === "") return from;
  return from + roll((most === "" ? from + MOST_REPEATS : Number(most)) - from + 1);
}

/** What begins a pattern: how to make a text of it, and what follows. */
function atom(pattern: string, roll: Dice): [make: () => string, rest: string] {
  const group = /^\((\?:|\?<?[=!])?/.exec(pattern);
  if (group) {
    const body = pattern.slice(group[0].length);
    const rest = alternatives(body, roll)[1].slice(1);
    const isCondition = group[1] !== undefined && group[1] !== "?:";
    return [() => isCondition ? "" : alternatives(body, roll)[0], rest];
  }
  const [set] = /^\[[^\]]+\]/.exec(pattern) ?? [];
  if (set) return [() => pick(roll, members(set.slice(1, -1))), pattern.slice(set.length)];
  if (pattern.startsWith("\\")) {
    const escaped = pattern.slice(1, 2);
    return [() => "mM".includes(escaped) ? "" : escaped, pattern.slice(2)];
  }
  return [() => pattern.startsWith(".") ? "x" : pattern.slice(0, 1), pattern.slice(1)];
}

function members(set: string): string[] {
  if (set.startsWith("^")) return [..."aeo "].filter((letter) => !set.includes(letter));
  return [...set.replace("a-z", "abcdefghijklmnopqrstuvwxyz")];
}
