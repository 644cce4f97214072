/** Begins to watch the machine's processors; the function that it gives says which share of their time was free since. */
export function cpuMeter(): () => number {
  const before = times();
  return () => {
    const after = times();
    return (after.idle - before.idle) / (after.all - before.all);
  };
}

/** Linux counts what all processors together did since it started; elsewhere the share is not known. */
function times(): { idle: number; all: number } {
  try {
    const [line = ""] = Deno.readTextFileSync("/proc/stat").split("\n");
    const spent = line.split(/\s+/).slice(1, 9).map(Number);
    return { idle: (spent[3] ?? 0) + (spent[4] ?? 0), all: spent.reduce((a, b) => a + b, 0) };
  } catch {
    return { idle: NaN, all: NaN };
  }
}
