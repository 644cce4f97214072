import assert from "node:assert/strict";
import { withClient } from "../support/client.ts";
import { database } from "../support/db.ts";
import { notify } from "../support/mail.ts";
import { sendNote } from "../support/notes.ts";
import { newOrganization } from "../support/people.ts";
import { until } from "../support/wait.ts";

Deno.test("leads come as they are now, and then as they change", async () => {
  const { id, admin } = await newOrganization();
  await database()`insert into public.leads (organization_id, first_name) values (${id}, 'Before')`;
  await withClient(admin, async ({ live }) => {
    const told: string[] = [];
    const stop = await live.leads({
      onUpdate: (update) =>
        told.push(
          update.type === "state"
            ? `state ${update.state.map(({ first_name }) => first_name)}`
            : `event ${update.event.change}`,
        ),
    });
    await until(() => told.length === 1, { what: "the state" });
    // What was on its way when the state was read.
    await database()`
      select private.broadcast_leads(jsonb_agg(jsonb_build_object('organization_id', l.organization_id, 'lead',
        jsonb_build_object('lead_id', l.id, 'version', l.version, 'change', 'created'))))
      from public.leads l where l.organization_id = ${id}`;
    await database()`insert into public.leads (organization_id, first_name) values (${id}, 'After')`;
    await until(() => told.length === 2, { what: "the event" });
    assert.deepEqual(told, ["state Before", "event created"]);
    await stop();
  }, { organizationId: id });
});

Deno.test("a campaign's figures come first and then each change, never an older state", async () => {
  const { id, admin } = await newOrganization();
  const [campaign] = await database()`
    insert into public.campaigns (organization_id, name, status) values (${id}, 'Live', 'draft') returning id`;
  await withClient(admin, async ({ live }) => {
    const versions: number[] = [];
    const statuses: string[] = [];
    const stop = await live.campaign(String(campaign?.["id"]), {
      onUpdate: (update) => {
        const progress = update.type === "state" ? update.state : update.event;
        versions.push(progress.version);
        statuses.push(progress.status);
      },
    });
    await until(() => statuses.length > 0, { what: "the state" });
    await database()`update public.campaigns set status = 'canceled', finished_at = now() where id = ${
      campaign?.["id"]
    }`;
    await until(() => statuses.includes("canceled"), { what: "the change" });
    assert.deepEqual(versions, versions.toSorted((a, b) => a - b));
    assert.equal(statuses[0], "draft");
    await stop();
  }, { organizationId: id });
});

Deno.test("a state that cannot be read at first is read again, and no event is lost", async () => {
  const { id, admin } = await newOrganization();
  await withClient(admin, async ({ live }) => {
    const told: string[] = [];
    const errors: unknown[] = [];
    const stop = await live.follow<number, { change: string }>({
      topic: `organization:${id}:leads`,
      event: "lead",
      load: () =>
        errors.length < 2 ? Promise.reject(new Error("down")) : Promise.resolve(errors.length),
      onUpdate: (update) =>
        told.push(
          update.type === "state" ? `state ${update.state}` : update.event.change,
        ),
      onError: (error) => errors.push(error),
    });
    await until(() => errors.length === 1, { what: "the first failure" });
    await database()`insert into public.leads (organization_id, first_name) values (${id}, 'After')`;
    await until(() => told.length === 2, { what: "the state and the event" });
    assert.deepEqual(told, ["state 2", "created"]);
    await stop();
  }, { organizationId: id });
});

Deno.test("notes begin with the inbox, and each new one follows", async () => {
  const { id, admin } = await newOrganization();
  const { id: note } = await sendNote(admin, ["admin"]);
  await withClient(admin, async ({ live }) => {
    const told: unknown[] = [];
    const stop = await live.notes("admin", {
      onUpdate: (update) =>
        told.push(
          update.type === "state" ? update.state.map(({ id }) => id) : "event",
        ),
    });
    await until(() => told.length === 1, { what: "the inbox" });
    // What was on its way when the state was read.
    await database()`select private.broadcast_note(n, 'note', 1) from public.notes n where n.id = ${note}`;
    await sendNote(admin, ["admin"]);
    await until(() => told.length === 2, { what: "the new note" });
    assert.deepEqual(told, [[note], "event"]);
    await stop();
  }, { organizationId: id });
});

Deno.test("notifications begin with the newest, and each new one follows", async () => {
  const { id, admin } = await newOrganization();
  await notify([admin], { kind: "system", title: "Before" });
  await withClient(admin, async ({ live }) => {
    const told: unknown[] = [];
    const stop = await live.notifications({
      onUpdate: (update) =>
        told.push(
          update.type === "state" ? `state of ${update.state.length}` : update.event.title,
        ),
    });
    await until(() => told.length === 1, { what: "the newest" });
    // What was on its way when the state was read.
    await database()`
      select realtime.send(to_jsonb(n), 'notification', 'user:' || n.user_id, true)
      from public.notifications n where n.user_id = ${admin.userId}`;
    await notify([admin], { kind: "system", title: "After" });
    await until(() => told.length === 2, { what: "the new one" });
    assert.deepEqual(told, ["state of 1", "After"]);
    await stop();
  }, { organizationId: id });
});
