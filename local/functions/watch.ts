import { join, relative, sep } from "node:path";
import type { Functions } from "./gateway.ts";

const QUIET_MS = 100;

/** Reloads functions whose files change: one, or all if the change is in what they share. */
export function watchFunctions(
  projectDir: string,
  functions: Functions,
): { stop(): void } {
  const folder = join(projectDir, "supabase", "functions");
  let watcher: Deno.FsWatcher;
  try {
    watcher = Deno.watchFs(folder, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { stop: () => {} };
    throw error;
  }
  const changed = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    const names = [...changed];
    changed.clear();
    const all = names.some((name) => name.startsWith("_") || name.includes("."));
    functions.reload(all ? "all" : names);
  };
  const note = (path: string) => {
    const name = relative(folder, path).split(sep)[0];
    if (name) changed.add(name);
  };
  (async () => {
    for await (const event of watcher) {
      if (event.kind === "access") continue;
      event.paths.forEach(note);
      clearTimeout(timer);
      if (changed.size > 0) timer = setTimeout(flush, QUIET_MS);
    }
  })();
  return {
    stop: () => {
      clearTimeout(timer);
      watcher.close();
    },
  };
}
