const BLOCK_LIMIT_MS = 150_000;

/** What a script printed and its exit status. */
export interface Ran {
  output: string;
  errors: string;
  status: number;
}

/** A shell that keeps its variables from one script to the next. */
export interface Shell {
  run(script: string): Promise<Ran>;
  close(): Promise<void>;
}

/** Whether this machine has what the documents need. */
export function hasTools(): boolean {
  try {
    const args = ["-c", "command -v curl && command -v sed"];
    return new Deno.Command("sh", { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** Starts a POSIX shell in a folder. */
export function startShell(folder: string): Shell {
  const child = new Deno.Command("sh", {
    cwd: folder,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  const output = readerOf(child.stdout);
  const errors = readerOf(child.stderr);
  return {
    async run(script) {
      const end = `end-of-script-${crypto.randomUUID()}`;
      const command = `${script}\nprintf '\\n%s %s\\n' ${end} $?; printf '\\n%s 0\\n' ${end} >&2\n`;
      await input.write(new TextEncoder().encode(command));
      const [printed, complained] = await Promise.all([output.until(end), errors.until(end)]);
      return { output: printed.text, errors: complained.text, status: printed.status };
    },
    async close() {
      await input.close();
      child.kill();
      await Promise.all([child.status, output.cancel(), errors.cancel()]);
    },
  };
}

/** Reads a stream up to a line that begins with a marker, which is followed by an exit status. */
function readerOf(stream: ReadableStream<Uint8Array>) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = "";
  return {
    async until(marker: string): Promise<{ text: string; status: number }> {
      const limit = Date.now() + BLOCK_LIMIT_MS;
      for (;;) {
        const found = new RegExp(`\n${marker} (\\d+)\n`).exec(text);
        if (found) {
          const before = text.slice(0, found.index);
          text = text.slice(found.index + found[0].length);
          return { text: before, status: Number(found[1]) };
        }
        const { value, done } = await within(limit, reader.read());
        if (done) return { text, status: 1 };
        text += decoder.decode(value, { stream: true });
      }
    },
    cancel: () => reader.cancel(),
  };
}

async function within<T>(limit: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("The script does not end.")), limit - Date.now());
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
