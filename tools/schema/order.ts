import type { Phase, Statement } from "./statements.ts";

const phases: Phase[] = ["definition", "data", "audit", "cron"];

/**
 * Puts statements into an order in which PostgreSQL takes them: each after what it needs, else as the files have them.
 * @throws Error if an object is made twice, or two need each other.
 */
export function inOrder(statements: Statement[]): Statement[] {
  const makers = makersOf(statements);
  const ordered: Statement[] = [];
  const done = new Set<Statement>();
  const underWay: Statement[] = [];

  function place(statement: Statement): void {
    if (done.has(statement)) return;
    underWay.push(statement);
    for (const needed of statement.needs) {
      const maker = makers.get(needed);
      if (maker === undefined || maker === statement) continue;
      if (underWay.includes(maker)) {
        throw new Error(circle([...underWay, maker]));
      }
      place(maker);
    }
    for (const preferred of statement.prefers) {
      const maker = makers.get(preferred);
      if (maker && !underWay.includes(maker)) tryToPlace(maker);
    }
    underWay.pop();
    done.add(statement);
    ordered.push(statement);
  }

  /** Places what a body names. If that needs something under way, it comes later. */
  function tryToPlace(statement: Statement): void {
    if (!waitsForOthers(statement, new Set())) place(statement);
  }

  function waitsForOthers(statement: Statement, seen: Set<Statement>): boolean {
    if (done.has(statement) || seen.has(statement)) return false;
    if (underWay.includes(statement)) return true;
    seen.add(statement);
    return statement.needs.some((needed) => {
      const maker = makers.get(needed);
      return maker !== undefined && waitsForOthers(maker, seen);
    });
  }

  for (const phase of phases) {
    for (const statement of statements) {
      if (statement.phase === phase) place(statement);
    }
  }
  return ordered;
}

function makersOf(statements: Statement[]): Map<string, Statement> {
  const makers = new Map<string, Statement>();
  for (const statement of statements) {
    if (statement.makes === null) continue;
    const other = makers.get(statement.makes);
    if (other) {
      throw new Error(
        `${place(other)} and ${place(statement)} make the same object.`,
      );
    }
    makers.set(statement.makes, statement);
  }
  return makers;
}

const place = ({ file, line }: Statement) => `${file}:${line}`;

const circle = (statements: Statement[]) =>
  `These need each other: ${statements.map(place).join(" -> ")}`;
