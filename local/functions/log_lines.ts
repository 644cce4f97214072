/** What the functions write to their consoles, kept for the console page. */
export interface LogLine {
  at: string;
  function: string;
  text: string;
}

const KEPT = 500;
const lines: LogLine[] = [];
const listeners = new Set<(line: LogLine) => void>();

/** Keeps a line, and drops the oldest. */
export function recordLine(name: string, text: string): void {
  const line = { at: new Date().toISOString(), function: name, text };
  lines.push(line);
  if (lines.length > KEPT) lines.shift();
  for (const listener of listeners) listener(line);
}

/** The lines that are kept, oldest first. */
export const recentLines = (): LogLine[] => [...lines];

/** Calls back with every line to come, until the returned function is called. */
export function onLine(listener: (line: LogLine) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
