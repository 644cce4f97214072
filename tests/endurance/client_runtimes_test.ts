import assert from "node:assert/strict";
import { join } from "node:path";
import { linesOf, readmeExample } from "../support/client_readme.ts";
import { newOrganization, type Organization, testPassword } from "../support/people.ts";
import { root } from "../support/spawn.ts";

/*
 * The package as it is packed, installed as a customer installs it, in each runtime that its README names but browsers, which
 * tests/browser is about.
 */

/** From npm, which has the program itself in its packages. */
const BUN = "bun@1.4.5";
const WS = "ws@8.18.3";

/** Uploads with its progress, follows leads, and prints what came of it. */
const exercise = `
const told = [];
const form = new FormData();
const rows = Array.from({ length: 8000 }, (_, n) => "Ama,A" + n + ",0244" + (100100 + n) + ",5\\n");
form.append("file", new File(["name,account number,phone,arrears\\n", ...rows], "a.csv"));
const uploaded = await signalbox.upload("/upload/excel", form, {
  onProgress: (sent, total) => told.push([sent, total]),
});
const updates = [];
const errors = [];
const waitFor = async (fine) => { while (!fine()) await new Promise((done) => setTimeout(done, 50)); };
const stop = await signalbox.live.leads({
  onUpdate: (update) => updates.push(update.type === "state" ? update.state.length : update.event.change),
  onError: (error) => errors.push(String(error)),
});
await waitFor(() => updates.length === 1);
await signalbox.api.POST("/leads", { body: { first_name: "Kofi" } });
await waitFor(() => updates.length === 2);
await stop();
supabase.realtime.disconnect();
console.log(JSON.stringify({ uploaded: uploaded.upload_id, told, updates, errors }));
`;

/** Packs the client in a copy, so that a check of the package beside it is not disturbed. */
async function packed(place: string): Promise<string> {
  const copy = join(place, "client");
  await linesOf("cp", ["-r", join(root, "client"), copy], { cwd: place });
  await linesOf("mkdir", ["-p", "supabase/functions/docs"], { cwd: place });
  await linesOf("npm", ["ci", "--no-audit", "--no-fund", "--silent"], { cwd: copy });
  await linesOf("npm", ["run", "--silent", "build"], { cwd: copy });
  const said = await linesOf("npm", ["pack", "--json", "--ignore-scripts"], { cwd: copy });
  return join(copy, JSON.parse(said.join("\n"))[0].filename);
}

async function install(place: string, tarball: string): Promise<void> {
  const { imports } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const supabase = imports["@supabase/supabase-js"].replace("npm:", "");
  await Deno.writeTextFile(join(place, "package.json"), '{"private":true,"type":"module"}');
  await linesOf(
    "npm",
    ["install", "--no-audit", "--no-fund", "--silent", tarball, supabase, WS, BUN],
    { cwd: place },
  );
}

/** What the README says for Node.js 20, which has no WebSocket. */
const inNode20 = (script: string): string =>
  `import ws from "ws";\n${
    script.replace(
      "createClient(url, key)",
      "createClient(url, key, { realtime: { transport: ws } })",
    )
  }`;

/** The README's example as somebody of the organization, and with more after it. */
async function scriptFor({ admin }: Organization): Promise<string> {
  const example = (await readmeExample()).replace("admin@demo.signalbox.test", admin.email)
    .replace("demo-only-password", testPassword);
  return `${example}\n${exercise}`;
}

Deno.test("the packed client works in Node.js, Deno and Bun: its README's example, an upload with progress, live leads", async (t) => {
  const place = await Deno.makeTempDir({ prefix: "signalbox-runtimes-" });
  try {
    await install(place, await packed(place));
    const runtimes: [string, string, string[], (script: string) => string][] = [
      ["node", "node", ["example.mjs"], inNode20],
      [
        "deno",
        Deno.execPath(),
        ["run", "-A", "--quiet", "--node-modules-dir=manual", "example.mjs"],
        (script) => script,
      ],
      ["bun", join(place, "node_modules", ".bin", "bun"), ["example.mjs"], (script) => script],
    ];
    for (const [name, command, args, adapted] of runtimes) {
      await t.step(name, async () => {
        const script = adapted(await scriptFor(await newOrganization()));
        await Deno.writeTextFile(join(place, "example.mjs"), script);
        const lines = await linesOf(command, args, { cwd: place });
        assert.match(lines[0] ?? "", /^[0-9a-f-]{36}$/, "the example's new lead");
        const { uploaded, told, updates, errors } = JSON.parse(lines.at(-1) ?? "");
        assert.match(uploaded, /^[0-9a-f-]{36}$/);
        assert.ok(told.length >= 3, "the progress is told as it is made");
        assert.deepEqual(told.at(-1)[0], told.at(-1)[1]);
        assert.deepEqual([updates, errors], [[1, "created"], []]);
      });
    }
  } finally {
    await Deno.remove(place, { recursive: true });
  }
});
