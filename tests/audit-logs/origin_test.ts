import assert from "node:assert/strict";
import { call, expectStatus } from "../support/http.ts";
import { newOrganization, type Session } from "../support/people.ts";
import { stackUnderTest } from "../support/stack.ts";

interface Entry {
  via: string | null;
  request_id: string | null;
  ip: string | null;
}

async function newest(admin: Session): Promise<Entry> {
  const answer = await call(admin, "GET", "/audit-logs?resource=organizations&action=update");
  const [{ via, request_id, ip } = {} as Entry] = expectStatus<{ logs: Entry[] }>(answer, 200).logs;
  return { via, request_id, ip };
}

async function rename(admin: Session, headers: Record<string, string>): Promise<void> {
  const { api_url, publishable_key } = stackUnderTest();
  const response = await fetch(`${api_url}/rest/v1/organizations?id=eq.${admin.organizationId}`, {
    method: "PATCH",
    headers: {
      apikey: publishable_key,
      authorization: `Bearer ${admin.accessToken}`,
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify({ name: `Renamed ${crypto.randomUUID()}` }),
  });
  assert.equal(response.status, 204, await response.text());
}

Deno.test("What a client tells the Data API of its origin is not in the audit log", async () => {
  const { admin } = await newOrganization();
  for (
    const headers of [
      { "x-client-ip": "8.8.8.8", "x-request-id": "forged-id <script>" },
      { "x-forwarded-for": "9.9.9.9, 1.1.1.1" },
      { "cf-connecting-ip": "6.6.6.6" },
      { "x-client-ip": "8".repeat(5_000), "x-request-id": "x".repeat(5_000) },
      { "x-client-ip": "8.8.8.8", "x-request-id": "r", "x-request-signature": "0".repeat(64) },
    ]
  ) {
    await rename(admin, headers);
    const expected = { via: "data_api", request_id: null, ip: null };
    assert.deepEqual(await newest(admin), expected, JSON.stringify(headers).slice(0, 100));
  }
});

Deno.test("A change through a function has its request id and the address that the platform sets", async () => {
  const { admin } = await newOrganization();
  const address = { "cf-connecting-ip": "198.51.100.7" };
  const headers = {
    ...address,
    "x-request-id": "my-request",
    "x-client-ip": "8.8.8.8",
    "x-forwarded-for": "9.9.9.9",
  };
  const customer = { name: "Ama", account_number: "A1", phone: "+233244000001", arrears: "1.00" };
  expectStatus(await call(admin, "POST", "/customers", customer, headers), 201);
  const answer = await call(admin, "GET", "/audit-logs?resource=customers&action=insert");
  const [entry] = expectStatus<{ logs: Entry[] }>(answer, 200).logs;
  assert.deepEqual(
    { via: entry?.via, request_id: entry?.request_id, ip: entry?.ip },
    { via: "function", request_id: "my-request", ip: address["cf-connecting-ip"] },
  );
});
