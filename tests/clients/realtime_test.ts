import assert from "node:assert/strict";
import { addClient, move } from "../support/clients.ts";
import { call, expectStatus } from "../support/http.ts";
import { addMember, newOrganization } from "../support/people.ts";
import { joins, listening } from "../support/realtime.ts";
import { until } from "../support/wait.ts";

Deno.test("Listeners hear of clients that are added, changed, moved and deleted, and nobody else does", async () => {
  const organization = await newOrganization();
  const viewer = await addMember(organization, "viewer");
  const topic = `organization:${organization.id}:clients`;
  await listening(viewer, topic, async (channel) => {
    assert(channel.joined);
    const { id } = await addClient(organization.admin, { amount: 10 });
    expectStatus(await call(organization.admin, "PUT", `/clients/${id}`, { name: "New" }), 200);
    await move(organization.admin, id, "mrr", { amount: 20 });
    expectStatus(await call(organization.admin, "DELETE", `/clients/${id}`), 204);
    const heard = await until(
      () => channel.heard.some(({ payload }) => payload["change"] === "deleted") && channel.heard,
      {
        what: "the deletion",
      },
    );
    const changes = new Set(heard.map(({ payload }) => payload["change"]));
    assert.deepEqual([...changes].sort(), ["created", "deleted", "updated"]);
    assert(heard.every(({ payload }) => payload["client_id"] === id && !("name" in payload)));
  });
  const manager = await addMember(organization, "manager");
  const stranger = (await newOrganization()).admin;
  assert.deepEqual([await joins(manager, topic), await joins(stranger, topic)], [false, false]);
});
