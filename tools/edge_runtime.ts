/** The Deno that hosted Supabase's edge runtime is built on, from npm. */
const RUNTIME = "deno@2.1.4";

/** For its processes. Behind a proxy with certificates of its own only the system's certificates help. */
export const edgeEnvironment = { DENO_TLS_CA_STORE: "system", NO_COLOR: "1" };

/** What a program prints. @throws Error with what it complains of, if it fails. */
export async function output(
  program: string,
  args: string[],
  cwd: string,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    env: edgeEnvironment,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Where npx keeps the runtime: asked once, as npx takes longer than what it starts, and outlives a signal. */
export const edgeRuntimePath = async (): Promise<string> =>
  (await output(
    "npx",
    ["-y", RUNTIME, "eval", "console.log(Deno.execPath())"],
    "/",
  )).trim();
