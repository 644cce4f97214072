import postgres from "postgres";

/** Runs commands of one role in one database. */
export interface Runner {
  /** What pg_cron reports of a command that succeeded. */
  run(command: string): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Connects as a role and keeps the connection, because one that is opened every second costs more than what runs on it.
 * Each command finds it as if it was new; what runs at the same time has connections of its own, as in pg_cron.
 */
export function createRunner(url: string): Runner {
  const kept = connect(url);
  let busy = false;

  async function runOnce(command: string): Promise<string> {
    const connection = connect(url);
    try {
      return resultOf(await connection.unsafe(command).simple());
    } finally {
      await connection.end({ timeout: 1 });
    }
  }

  return {
    async run(command) {
      if (busy) return await runOnce(command);
      busy = true;
      try {
        return resultOf(await kept.unsafe(command).simple());
      } finally {
        // If the command ended the connection, the next one is new anyway.
        await kept.unsafe("discard all").simple().catch(() => {});
        busy = false;
      }
    },
    stop: () => kept.end({ timeout: 1 }),
  };
}

const connect = (url: string) =>
  postgres(url, {
    max: 1,
    onnotice: () => {},
    fetch_types: false,
    connection: { application_name: "pg_cron" },
  });

type Result = postgres.RowList<postgres.Row[]>;

/** The rows of a query, or the tag of another statement. */
function resultOf(result: Result | Result[]): string {
  const several = (value: Result | Result[]): value is Result[] => !("command" in value);
  const last = several(result) ? result.at(-1) : result;
  if (!last) return "";
  if (last.command === "SELECT") return `${last.count} row${last.count === 1 ? "" : "s"}`;
  if (last.command === "INSERT") return `INSERT 0 ${last.count}`;
  return last.count === null ? last.command : `${last.command} ${last.count}`;
}
