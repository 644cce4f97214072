// A carrier in a process of its own, so that a test can kill it. Arguments: data folder, latency.
import { startCarrier } from "../../local/carrier/main.ts";

const [dataDir = "", latencyMs = "5"] = Deno.args;
const carrier = await startCarrier({ port: 0, dataDir, latencyMs: Number(latencyMs) });
await Deno.stdout.write(new TextEncoder().encode(`${carrier.url}\n`));
