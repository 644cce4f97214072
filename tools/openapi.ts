/*
 * Writes the OpenAPI document of the whole API, or with --check fails when the written one is not the present one.
 */
import { documentPath, documentText, wholeDocument } from "./openapi_document.ts";

async function main(): Promise<number> {
  const text = documentText(await wholeDocument());
  if (!Deno.args.includes("--check")) {
    await Deno.writeTextFile(documentPath, text);
    return report("Wrote supabase/functions/docs/openapi.json.", 0);
  }
  return await Deno.readTextFile(documentPath) === text
    ? report("supabase/functions/docs/openapi.json is fresh.", 0)
    : report(
      "supabase/functions/docs/openapi.json is stale: run `deno task openapi`.",
      1,
    );
}

function report(sentence: string, code: number): number {
  // deno-lint-ignore no-console -- what the command answers.
  console.log(sentence);
  return code;
}

Deno.exit(await main());
