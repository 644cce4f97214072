import { callFunction, demoOrganization, type Session, signIn } from "./support/api.ts";
import { alternate, type Bench, type Benchmark, timed } from "./support/benchmark.ts";

const rounds = 400;

/** A key with the role of the demo organization's clerk, with whose token it is compared. */
async function newKey(admin: Session): Promise<string> {
  const answer = await admin.call({
    path: "/admin/integrations/api-keys",
    body: { name: "Benchmark", role: "operator" },
    headers: { "x-organization-id": demoOrganization },
  });
  return (await answer.json()).api_key;
}

async function run({ status }: Bench) {
  const clerk = await signIn(status, "clerk");
  const key = await newKey(await signIn(status, "admin"));
  const ask = (credentials: Record<string, string>) =>
    timed(async () => {
      const request = { method: "GET", path: "/customers?limit=10" };
      await (await callFunction(status, credentials, request)).body?.cancel();
    });
  const measured = await alternate(
    rounds,
    () => ask({ "x-api-key": key }),
    () => ask({ authorization: `Bearer ${clerk.token}` }),
  );
  return {
    rows: [{
      what: "GET /customers with an API key; baseline: with a person's token",
      ...measured,
      unit: "ms",
      target: { atMost: 1.15 },
    }],
    notes: [`${rounds} requests of each in turn, medians; once a minute a key is exchanged again.`],
  };
}

/** What an API key costs a request, once its token is made. */
export const apiKeys: Benchmark = { title: "API keys", run };
