import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { linesOf, readmeExample, sourceConfiguration } from "../support/client_readme.ts";
import { database } from "../support/db.ts";
import { stackUnderTest } from "../support/stack.ts";
import { type Block, blocksOf } from "./markdown.ts";
import { differences, type Json, lastJson } from "./shape.ts";
import { hasTools, type Shell, startShell } from "./shell.ts";

/*
 * The commands of README.md and the tutorials do what the text says. Each `sh` block runs in a shell, in the order of the
 * text; a `json` block shows the last JSON value that the `sh` block before it prints (see shape.ts). A block that only reads
 * is repeated until its answer is as shown, as a reader would who waits for a receipt. `shell` blocks are not run.
 */

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const WAIT_MS = 60_000;
const LONGEST_PAUSE_MS = 4_000;

/** The documents name the addresses of a stack with the usual ports; here they become those of the stack under test. */
function withAddresses(script: string): string {
  const { api_url, carrier_url, mail_url } = stackUnderTest();
  return script
    .replaceAll("http://127.0.0.1:54321", api_url)
    .replaceAll("http://127.0.0.1:54323", carrier_url)
    .replaceAll("http://127.0.0.1:54324", mail_url);
}

/** An `sh` block and the answer that is shown after it. */
interface Step {
  script: Block;
  shown: Block | undefined;
}

function stepsOf(page: string): Step[] {
  const steps: Step[] = [];
  let current: Step | undefined;
  for (const block of blocksOf(page)) {
    if (block.language === "sh") steps.push(current = { script: block, shown: undefined });
    else if (block.language === "json") {
      assert(current && !current.shown, `line ${block.line}: no sh block prints this answer`);
      current.shown = block;
    } else current = undefined;
  }
  return steps;
}

const onlyReads = (script: string): boolean =>
  /\bcurl\b/.test(script) && !/\s-(d|F|X|-data|-form|-request)\b/.test(script);

const isProblem = (answer: Json | undefined): boolean =>
  typeof answer === "object" && answer !== null && !Array.isArray(answer) &&
  "title" in answer && "request_id" in answer;

/** Runs a step once and says what is not as the document has it. */
async function mistakes(shell: Shell, { script, shown }: Step): Promise<string[]> {
  const { output, errors, status } = await shell.run(withAddresses(script.text));
  const answer = lastJson(output);
  const heard = `\n${output.slice(-2_000)}${errors}`;
  if (shown === undefined) {
    return status === 0 && !isProblem(answer) ? [] : [`the commands fail:${heard}`];
  }
  if (answer === undefined) return [`the commands print no JSON:${heard}`];
  const found = differences(JSON.parse(shown.text), answer);
  return found.length === 0 ? [] : [...found, heard];
}

async function follow(shell: Shell, step: Step): Promise<void> {
  const end = Date.now() + WAIT_MS;
  let found = await mistakes(shell, step);
  let pause = 250;
  while (found.length > 0 && step.shown && onlyReads(step.script.text) && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
    found = await mistakes(shell, step);
  }
  assert.deepEqual(found, [], `line ${step.shown?.line ?? step.script.line}: ${found.join("\n")}`);
}

// In this order each page finds the demo data as a fresh stack has them: leads that are added count in campaigns.
for (
  const page of [
    "README.md",
    ...["arrears", "campaigns", "leads"].map((name) => `docs/tutorials/${name}.md`),
    "docs/api.md",
  ]
) {
  Deno.test({
    name: `The commands of ${page} give the answers that it shows`,
    // Somebody who tries the tests without these tools still can; where everything must be tested, nothing is left out.
    ignore: !hasTools() && !Deno.env.get("CI"),
    async fn() {
      assert(hasTools(), "curl and sed are needed");
      const steps = stepsOf(await Deno.readTextFile(join(root, page)));
      assert(steps.some(({ shown }) => shown), "the page shows answers");
      const shell = startShell(root);
      try {
        for (const step of steps) await follow(shell, step);
      } finally {
        await shell.close();
      }
    },
  });
}

// After the pages, whose demo data would have a lead more.
Deno.test("The example of client/README.md runs as written, the first time and again", async () => {
  const folder = await Deno.makeTempDir({ prefix: "signalbox-readme-" });
  try {
    const config = JSON.stringify(await sourceConfiguration());
    await Deno.writeTextFile(join(folder, "deno.json"), config);
    await Deno.writeTextFile(join(folder, "example.ts"), await readmeExample());
    const run = () =>
      linesOf(Deno.execPath(), ["run", "-A", "--check", "--quiet", "example.ts"], { cwd: folder });
    const id = (await run()).at(-1) ?? "";
    assert.match(id, /^[0-9a-f-]{36}$/);
    const [lead] = await database()`select first_name, phone from public.leads where id = ${id}`;
    assert.deepEqual({ ...lead }, { first_name: "Ama", phone: "+233244100999" });
    const again = await run();
    assert.equal(again.at(-1), `Known: ${id}`);
    assert.ok(again.includes("Ama"), "the new lead is in the list");
    await database()`delete from public.leads where id = ${id}`;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
