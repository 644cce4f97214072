/**
 * Lite reads an unquoted filter value that looks like a number as one, so `phone=eq.+233…` and `account=eq.0042` find
 * nothing; PostgREST leaves the cast to the column. Quoting what a number would not write the same way keeps it a text.
 */
export function keepTextValues(url: URL): URL {
  const kept = new URL(url);
  const parameters = [...kept.searchParams].map(([name, value]) =>
    [name, quoted(value)] as [string, string]
  );
  kept.search = new URLSearchParams(parameters).toString();
  return kept;
}

const comparison = /^((?:not\.)?(?:eq|neq|gt|gte|lt|lte)\.)(.+)$/s;

function quoted(value: string): string {
  const [, operator, operand] = comparison.exec(value) ?? [];
  if (operator === undefined || operand === undefined) return value;
  if (operand.trim() === "" || Number.isNaN(Number(operand))) return value;
  return String(Number(operand)) === operand ? value : `${operator}"${operand}"`;
}
