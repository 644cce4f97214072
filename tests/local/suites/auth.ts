import assert from "node:assert/strict";
import {
  adminClient,
  anonymousClient,
  type Fixture,
  signedInPerson,
  stack,
} from "../stack_fixture.ts";

Deno.test("a trigger on auth.users reads the metadata of a new user", async () => {
  const fixture = await stack();
  const { id } = await signedInPerson(fixture, { full_name: "Ama Mensah" });
  const signedUp = await anonymousClient(fixture).auth.signUp({
    email: `${crypto.randomUUID()}@stack.test`,
    password: "long enough",
    options: { data: { full_name: "Kofi Boateng" } },
  });
  const ids = [id, signedUp.data.user?.id ?? ""];
  const profiles = await fixture.sql`
    select full_name from public.profiles where id = any (${ids}::uuid[]) order by full_name`;
  assert.deepEqual(profiles.map((row) => row.full_name), ["Ama Mensah", "Kofi Boateng"]);
});

Deno.test("access tokens carry the key's id and the user's metadata", async () => {
  const fixture = await stack();
  const { id, email, client } = await signedInPerson(fixture, { full_name: "A" });
  const { data } = await client.auth.getClaims();
  assert.equal(typeof data?.header.kid, "string");
  assert.equal(data?.claims.sub, id);
  assert.equal(data?.claims.iss, `${fixture.status.api_url}/auth/v1`);
  assert.deepEqual(data?.claims.user_metadata, { full_name: "A" });
  assert.deepEqual(data?.claims.app_metadata, { provider: "email", providers: ["email"] });
  assert.equal((await client.auth.getUser()).data.user?.email, email);
  assert.equal((await client.auth.refreshSession()).error, null);
  assert.equal((await client.auth.signOut()).error, null);
});

Deno.test("the admin API creates, finds, changes, bans and deletes users", async () => {
  const fixture = await stack();
  const { admin } = adminClient(fixture).auth;
  const { id, email, password } = await signedInPerson(fixture);
  assert.equal((await admin.createUser({ email, password })).error?.code, "email_exists");
  const changed = await admin.updateUserById(id, {
    app_metadata: { plan: "x" },
    user_metadata: { name: "B" },
  });
  assert.equal(changed.data.user?.app_metadata.plan, "x");
  assert.equal(changed.data.user?.app_metadata.provider, "email");
  assert.equal((await admin.getUserById(id)).data.user?.user_metadata.name, "B");
  const listed = await admin.listUsers({ page: 1, perPage: 1 });
  assert.equal(listed.data.users.length, 1);
  await admin.updateUserById(id, { ban_duration: "24h" });
  const signIn = () => anonymousClient(fixture).auth.signInWithPassword({ email, password });
  assert.equal((await signIn()).error?.code, "user_banned");
  await admin.updateUserById(id, { ban_duration: "none" });
  assert.equal((await signIn()).error, null);
  await admin.deleteUser(id);
  assert.equal((await admin.getUserById(id)).error?.status, 404);
  assert.equal((await signIn()).error?.code, "invalid_credentials");
});

Deno.test("a ban also ends the refreshing of sessions", async () => {
  const fixture = await stack();
  const { id, client } = await signedInPerson(fixture);
  await adminClient(fixture).auth.admin.updateUserById(id, { ban_duration: "1h" });
  assert.equal((await client.auth.refreshSession()).error?.code, "user_banned");
});

Deno.test("only the secret key may use the admin API", async () => {
  const fixture = await stack();
  const { client } = await signedInPerson(fixture);
  assert.equal((await client.auth.admin.listUsers()).error?.status, 401);
  assert.equal((await anonymousClient(fixture).auth.admin.listUsers()).error?.status, 401);
});

async function mailTo(fixture: Fixture, email: string): Promise<string> {
  const messages: { to: string[]; text: string }[] =
    await (await fetch(`${fixture.status.mail_url}/messages`)).json();
  const mail = messages.findLast(({ to }) => to.includes(email));
  assert.ok(mail, `a mail to ${email} in ${JSON.stringify(messages)}`);
  return mail.text;
}

const linkIn = (text: string) => new URL(/https?:\S+/.exec(text)?.[0] ?? "none:");

Deno.test("a forgotten password is replaced with the token from the mail", async () => {
  const fixture = await stack();
  const { email } = await signedInPerson(fixture);
  const client = anonymousClient(fixture);
  await client.auth.resetPasswordForEmail(email, { redirectTo: "https://app.test/reset" });
  const link = linkIn(await mailTo(fixture, email));
  assert.equal(link.searchParams.get("redirect_to"), "https://app.test/reset");
  const token_hash = link.searchParams.get("token") ?? "";
  assert.equal((await client.auth.verifyOtp({ token_hash, type: "recovery" })).error, null);
  assert.equal((await client.auth.updateUser({ password: "another password" })).error, null);
  const password = "another password";
  assert.equal(
    (await anonymousClient(fixture).auth.signInWithPassword({ email, password })).error,
    null,
  );
  assert.notEqual((await client.auth.verifyOtp({ token_hash, type: "recovery" })).error, null);
});

Deno.test("an invited person gets a mail whose token signs in once", async () => {
  const fixture = await stack();
  const email = `${crypto.randomUUID()}@stack.test`;
  assert.equal((await adminClient(fixture).auth.admin.inviteUserByEmail(email)).error, null);
  const token_hash = linkIn(await mailTo(fixture, email)).searchParams.get("token") ?? "";
  const verified = await anonymousClient(fixture).auth.verifyOtp({ token_hash, type: "invite" });
  assert.equal(verified.data.user?.email, email);
  assert.notEqual(
    (await anonymousClient(fixture).auth.verifyOtp({ token_hash, type: "invite" })).error,
    null,
  );
});

Deno.test("a generated link signs in, by its token and by its address", async () => {
  const fixture = await stack();
  const { id, email } = await signedInPerson(fixture);
  const generate = () => adminClient(fixture).auth.admin.generateLink({ type: "magiclink", email });
  const token_hash = (await generate()).data.properties?.hashed_token ?? "";
  const verified = await anonymousClient(fixture).auth.verifyOtp({ token_hash, type: "magiclink" });
  assert.equal(verified.data.user?.id, id);
  const address = (await generate()).data.properties?.action_link ?? "";
  const followed = await fetch(address, { redirect: "manual" });
  await followed.body?.cancel();
  assert.match(followed.headers.get("location") ?? "", /#.*access_token=/);
});

Deno.test("the mail catcher refuses while it is told to be down", async () => {
  const { status } = await stack();
  const smtpPort = Number(new URL(status.mail_url).port) + 1;
  const greeting = async () => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: smtpPort });
    const buffer = new Uint8Array(200);
    const size = await connection.read(buffer);
    connection.close();
    return new TextDecoder().decode(buffer.subarray(0, size ?? 0)).slice(0, 3);
  };
  await fetch(`${status.mail_url}/down`, { method: "POST" });
  assert.equal(await greeting(), "421");
  await fetch(`${status.mail_url}/up`, { method: "POST" });
  assert.equal(await greeting(), "220");
});
