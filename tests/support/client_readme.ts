import { join } from "node:path";
import { blocksOf } from "../docs/markdown.ts";
import { root } from "./spawn.ts";
import { stackUnderTest } from "./stack.ts";

/** The first example of the client's README, with the address and key of the stack under test. */
export async function readmeExample(): Promise<string> {
  const { api_url, publishable_key } = stackUnderTest();
  const page = await Deno.readTextFile(new URL("../../client/README.md", import.meta.url));
  const example = blocksOf(page).find(({ language }) => language === "ts")?.text ?? "";
  for (const placeholder of ["http://127.0.0.1:54321", "<the publishable key of task status>"]) {
    if (!example.includes(placeholder)) throw new Error(`The example does not have ${placeholder}`);
  }
  return example.replace("http://127.0.0.1:54321", api_url)
    .replace("<the publishable key of task status>", publishable_key);
}

const LIMIT_MS = 120_000;

/** Runs a program to its end and gives what it printed, line by line; fails if it fails. */
export async function linesOf(
  command: string,
  args: string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<string[]> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    ...options,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(LIMIT_MS),
  }).output();
  const [said, complained] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${code}\n${said}${complained}`);
  return (said ?? "").split("\n").filter((line) => line !== "");
}

/** A configuration of Deno with the client from its sources, whose types are checked as the workspace's. */
export async function sourceConfiguration(): Promise<unknown> {
  const { imports, compilerOptions } = JSON.parse(
    await Deno.readTextFile(join(root, "deno.json")),
  );
  return {
    imports: {
      "@signalbox/client": join(root, "client", "src", "mod.ts"),
      "@supabase/supabase-js": imports["@supabase/supabase-js"],
      "openapi-fetch": imports["openapi-fetch"],
    },
    compilerOptions,
  };
}
