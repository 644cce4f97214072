/** What a process and all below it have used, and what they hold now. */
export interface Usage {
  /** Of this process and everything that is no database server's, in ms of a processor. */
  own: number;
  /** Of PostgreSQL, with its processes that have ended. */
  postgres: number;
  /** Bytes in memory, shared pages counted once. */
  memory: number;
}

interface Process {
  pid: number;
  parent: number;
  name: string;
  cpu: number;
}

/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** Reads the use of a process and its descendants from /proc. Linux only. */
export function usageOf(pid: number): Usage {
  const all = processes();
  const tree = all.filter((process) => isBelow(process, pid, all));
  const sum = (some: Process[]) => some.reduce((total, { cpu }) => total + cpu, 0);
  const servers = tree.filter(({ name }) => name === "postgres");
  return {
    own: sum(tree) - sum(servers),
    postgres: sum(servers),
    memory: tree.reduce((total, process) => total + memoryOf(process.pid), 0),
  };
}

function isBelow(process: Process, root: number, all: Process[]): boolean {
  if (process.pid === root) return true;
  const parent = all.find(({ pid }) => pid === process.parent);
  return parent !== undefined && isBelow(parent, root, all);
}

function processes(): Process[] {
  const pids = Array.from(Deno.readDirSync("/proc"), ({ name }) => name).filter((name) =>
    /^\d+$/.test(name)
  );
  return pids.flatMap((pid) => {
    const text = readIfThere(`/proc/${pid}/stat`);
    const [, name = "", rest = ""] = /^\d+ \((.*)\) (.*)$/s.exec(text) ?? [];
    if (rest === "") return [];
    const fields = rest.split(" ");
    // utime and stime, and those of its children that have ended; proc(5) counts from 1 and the name is its second.
    const cpu = fields.slice(11, 15).reduce((total, ticks) => total + Number(ticks), 0) * TICK_MS;
    return [{ pid: Number(pid), parent: Number(fields[1]), name, cpu }];
  });
}

function memoryOf(pid: number): number {
  const [, kilobytes] = /^Pss:\s+(\d+) kB$/m.exec(readIfThere(`/proc/${pid}/smaps_rollup`)) ?? [];
  return Number(kilobytes ?? 0) * 1024;
}

function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    // A process may end meanwhile.
    return "";
  }
}
