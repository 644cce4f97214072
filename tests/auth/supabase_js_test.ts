import assert from "node:assert/strict";
import { FunctionsHttpError, type SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "../../supabase/functions/_shared/database.types.ts";
import { addCustomer, type CustomerBody, type Page, utility } from "../support/customers.ts";
import type { ProblemBody } from "../support/http.ts";
import { clientFor, type Session } from "../support/people.ts";
import { invite } from "../support/registration.ts";

/*
 * What a frontend does: supabase-js, which is not our code, with nothing but the address and the publishable key.
 */

/** A client that signed in by itself. */
async function signedIn({ email, password }: Session): Promise<SupabaseClient<Database>> {
  const client = clientFor();
  const { data, error } = await client.auth.signInWithPassword({ email, password });
  assert.equal(error, null, `the sign-in failed: ${JSON.stringify(error)}`);
  assert.equal(data.user?.email, email);
  return client;
}

/** The customers that the functions show; `organizationId` chooses one of the person's organizations. */
async function throughFunctions(
  client: SupabaseClient<Database>,
  organizationId?: string,
): Promise<string[]> {
  const { data, error } = await client.functions.invoke<Page<CustomerBody>>("customers", {
    method: "GET",
    headers: organizationId ? { "x-organization-id": organizationId } : {},
  });
  assert.equal(error, null, `the call failed: ${JSON.stringify(error)}`);
  return data?.data.map(({ name }) => name).sort() ?? [];
}

/** The customers that the Data API shows. */
async function throughDataApi(client: SupabaseClient<Database>): Promise<string[]> {
  const { data, error } = await client.from("customers").select("name").order("name");
  assert.equal(error, null, `the query failed: ${JSON.stringify(error)}`);
  return data?.map(({ name }) => name) ?? [];
}

/** The problem that a refused call of a function carries. */
async function refusal(error: unknown): Promise<ProblemBody> {
  assert(error instanceof FunctionsHttpError, `no FunctionsHttpError: ${JSON.stringify(error)}`);
  const response: Response = error.context;
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  const problem: ProblemBody = await response.json();
  assert.equal(problem.status, response.status);
  return problem;
}

Deno.test("supabase-js signs in with e-mail and password and calls a function with its session", async () => {
  const { clerk } = await utility();
  await addCustomer(clerk, { name: "Ama" });
  const client = await signedIn(clerk);
  assert.deepEqual(await throughFunctions(client), ["Ama"]);
  const created = await client.functions.invoke<CustomerBody>("customers", {
    body: { name: "Kofi", account_number: "K-1", phone: "0244123456" },
  });
  assert.equal(created.error, null);
  assert.equal(created.data?.phone, "+233244123456");
  const changed = await client.functions.invoke<CustomerBody>(`customers/${created.data?.id}`, {
    method: "PUT",
    body: { arrears: "12.50" },
  });
  assert.equal(changed.data?.arrears, "12.50");
  const form = new FormData();
  form.append("file", new File(["name,account,phone,arrears\nEsi,E-1,0244123457,5\n"], "a.csv"));
  const uploaded = await client.functions.invoke<{ valid_rows: number }>("upload/excel", {
    body: form,
  });
  assert.equal(uploaded.data?.valid_rows, 1, "a form goes through as well");
  assert.deepEqual(await throughDataApi(client), ["Ama", "Kofi"]);
});

Deno.test("A refused call is a FunctionsHttpError that carries our problem, for each kind of refusal", async () => {
  const { clerk } = await utility();
  const client = await signedIn(clerk);
  const known = { name: "Ama", account_number: "A-1", phone: "0244123456" };
  await client.functions.invoke("customers", { body: known });
  const twice = await client.functions.invoke("customers", { body: known });
  assert.equal((await refusal(twice.error)).code, "already_exists");
  const invalid = await client.functions.invoke("customers", { body: { ...known, phone: "1" } });
  const problem = await refusal(invalid.error);
  assert.deepEqual([problem.status, problem.errors?.[0]?.path], [422, "phone"]);
  const missing = await client.functions.invoke(`customers/${crypto.randomUUID()}`, {
    method: "GET",
  });
  assert.equal((await refusal(missing.error)).status, 404);
  const nobody = await clientFor().functions.invoke("customers", { method: "GET" });
  assert.equal((await refusal(nobody.error)).status, 401);
  await client.auth.signOut();
  const signedOut = await client.functions.invoke("customers", { method: "GET" });
  assert.equal(
    (await refusal(signedOut.error)).status,
    401,
    "after signing out the client is nobody",
  );
});

Deno.test("The Data API shows an organization's own customers and lets nobody touch another's", async () => {
  const [mine, theirs] = [await utility(), await utility()];
  const own = await addCustomer(mine.clerk, { name: "Mine" });
  const foreign = await addCustomer(theirs.clerk, { name: "Theirs" });
  const client = await signedIn(mine.clerk);
  assert.deepEqual(await throughDataApi(client), ["Mine"]);
  assert.deepEqual((await client.from("customers").select().eq("id", foreign.id)).data, []);
  const changed = await client.from("customers").update({ name: "Taken" }).eq("id", foreign.id)
    .select();
  assert.deepEqual(
    [changed.data, changed.error],
    [[], null],
    "no row of theirs is there to change",
  );
  const removed = await client.from("customers").delete().eq("id", foreign.id).select();
  assert.deepEqual([removed.data, removed.error], [[], null]);
  const row = { name: "X", account_number: "X-1", phone: "+233244123456", currency: "GHS" };
  const planted = await client.from("customers").insert({
    ...row,
    organization_id: theirs.organization.id,
  });
  assert.equal(planted.error?.code, "42501", "nobody adds customers to another organization");
  const moved = await client.from("customers")
    .update({ organization_id: theirs.organization.id }).eq("id", own.id);
  assert.equal(moved.error?.code, "42501", "nor moves one there");
  assert.deepEqual(await throughDataApi(await signedIn(theirs.clerk)), ["Theirs"]);
  const anonymous = await clientFor().from("customers").select();
  assert.equal(anonymous.data?.length ?? 0, 0, "without a session there is nothing to see");
});

Deno.test("What functions alone may write, the Data API refuses, to an admin too", async () => {
  const { organization, clerk } = await utility();
  const { id: customer_id } = await addCustomer(clerk);
  const client = await signedIn(organization.admin);
  const organization_id = organization.id;
  const attempts = await Promise.all([
    client.from("messages").insert({
      organization_id,
      to_number: "+233244123456",
      from_number: "Utility",
      body: "free text",
      encoding: "GSM-7",
      segments: 1,
      status: "queued",
      provider: "arkesel",
    }),
    client.from("batches").insert({ organization_id, kind: "upload" }),
    client.from("uploads").insert({ organization_id, file_name: "a.csv", rows: [], summary: {} }),
    client.from("customer_actions").insert({ organization_id, customer_id, action: "sms_sent" }),
    client.from("customer_actions").update({ note: "rewritten" }).eq("customer_id", customer_id),
    client.from("customer_actions").delete().eq("customer_id", customer_id),
    client.from("messages").update({ status: "delivered" }).eq("organization_id", organization_id),
  ]);
  assert.deepEqual(attempts.map(({ error }) => error?.code), attempts.map(() => "42501"));
});

Deno.test("A person of two organizations sees both through the Data API, and through functions the chosen one", async () => {
  const [first, second] = [await utility({ name: "First" }), await utility({ name: "Second" })];
  await addCustomer(first.clerk, { name: "Of First" });
  await addCustomer(second.clerk, { name: "Of Second" });
  const token = await invite(second.organization, first.clerk.email, "viewer");
  const client = await signedIn(first.clerk);
  const joined = await client.rpc("accept_invitation", { token });
  assert.equal(joined.error, null, JSON.stringify(joined.error));
  assert.deepEqual(await throughDataApi(client), ["Of First", "Of Second"]);
  assert.deepEqual(await throughFunctions(client, first.organization.id), ["Of First"]);
  assert.deepEqual(await throughFunctions(client, second.organization.id), ["Of Second"]);
  const asViewer = await client.functions.invoke("customers", {
    body: { name: "X", account_number: "X-1", phone: "0244123456" },
    headers: { "x-organization-id": second.organization.id },
  });
  assert.equal((await refusal(asViewer.error)).code, "permission_denied", "each with its own role");
  const { data } = await client.from("customers").update({ name: "Renamed" }).eq(
    "name",
    "Of Second",
  ).select();
  assert.deepEqual(data, [], "the Data API holds to the role in each organization too");
});
