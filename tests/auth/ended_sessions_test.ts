import assert from "node:assert/strict";
import { database } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import {
  clientFor,
  newOrganization,
  testPassword,
  uniqueAddress,
  uniqueEmail,
} from "../support/people.ts";

interface SignedIn {
  access_token: string;
  refresh_token: string;
}

async function signIn(email: string): Promise<SignedIn> {
  const answer = await call(
    null,
    "POST",
    "/auth/login",
    { email, password: testPassword },
    uniqueAddress(),
  );
  return expectStatus<SignedIn>(answer, 200);
}

Deno.test("After signing out the access token is refused at once, by functions and by the Data API", async () => {
  const { admin } = await newOrganization();
  const first = await signIn(admin.email);
  const second = await signIn(admin.email);
  const caller = { accessToken: first.access_token };
  expectStatus(await call(caller, "GET", "/customers"), 200);
  expectStatus(await call(caller, "POST", "/auth/logout"), 204);
  for (const path of ["/auth/me", "/customers", "/users", "/notifications"]) {
    expectProblem(await call(caller, "GET", path), 401, "session_ended");
  }
  const { error } = await clientFor(first.access_token).from("customers").select("id");
  assert.equal(error?.hint, "session_ended");
  expectStatus(await call({ accessToken: second.access_token }, "GET", "/customers"), 200);
});

Deno.test("GET /auth/me answers 401 to the token of an account that was deleted", async () => {
  const { data } = await clientFor().auth.signUp({
    email: uniqueEmail(),
    password: testPassword,
  });
  const caller = { accessToken: data.session?.access_token ?? "" };
  expectStatus(await call(caller, "GET", "/auth/me"), 200);
  await database()`delete from auth.users where id = ${data.user?.id ?? ""}`;
  const answer = await call(caller, "GET", "/auth/me");
  expectProblem(answer, 401);
});

Deno.test("Text that cannot be stored is refused, not a fault", async () => {
  const input = {
    email: uniqueEmail(),
    password: testPassword,
    full_name: "Ama",
    organization_name: "Ama Power",
  };
  for (const text of ["A\u0000", "\ud800", "A\udc00B", "A\u202eB", "A\u2028B"]) {
    for (const field of ["full_name", "organization_name", "password"]) {
      const body = { ...input, [field]: `${text} long enough` };
      const answer = await call(null, "POST", "/auth/register", body, uniqueAddress());
      assert.equal(expectProblem(answer, 422, "invalid_field").errors?.[0]?.path, field);
    }
  }
  for (const refresh_token of ["\u0000", "\ud800", "a b", "é"]) {
    const answer = await call(null, "POST", "/auth/refresh", { refresh_token });
    expectProblem(answer, 401, "invalid_refresh_token");
  }
});

Deno.test("Answers are not cached and not sniffed", async () => {
  const { admin } = await newOrganization();
  const answers = [
    await call(admin, "GET", "/auth/me"),
    await call(admin, "GET", "/customers"),
    await call(null, "POST", "/auth/login", { email: admin.email, password: testPassword }),
    await call(null, "GET", "/customers"),
    await call(admin, "GET", "/no-such-thing"),
  ];
  for (const { headers } of answers.slice(0, 4)) {
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
  }
});
