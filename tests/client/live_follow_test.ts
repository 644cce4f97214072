import assert from "node:assert/strict";
import type { LeadEvent, Update } from "../../client/src/mod.ts";
import type { components } from "../../client/src/api.d.ts";
import { withClient } from "../support/client.ts";
import { cuttable } from "../support/cuttable.ts";
import { database } from "../support/db.ts";
import { notify } from "../support/mail.ts";
import { addMember, newOrganization, newTeam } from "../support/people.ts";
import { stackUnderTest } from "../support/stack.ts";
import { until } from "../support/wait.ts";

type LeadUpdate = Update<components["schemas"]["Lead"][], LeadEvent>;

const addLeads = (organization: string, count: number) =>
  database()`insert into public.leads (organization_id, first_name)
    select ${organization}, 'Lead ' || n from generate_series(1, ${count}::integer) n`;

/** Changes a lead without telling anybody, as if Realtime had lost the event. */
async function changeSilently(organization: string, name: string, to: string): Promise<void> {
  await database().begin(async (sql) => {
    await sql`set local session_replication_role = 'replica'`;
    await sql`update public.leads set first_name = ${to}, version = version + 1
      where organization_id = ${organization} and first_name = ${name}`;
  });
}

/** What a listener was told, and whether it is connected. */
function listening() {
  const updates: LeadUpdate[] = [];
  const connections: boolean[] = [];
  const errors: unknown[] = [];
  return {
    updates,
    connections,
    errors,
    states: () => updates.flatMap((update) => update.type === "state" ? [update.state] : []),
    events: () => updates.flatMap((update) => update.type === "event" ? [update.event] : []),
    listener: {
      onUpdate: (update: LeadUpdate) => void updates.push(update),
      onConnection: (isConnected: boolean) => void connections.push(isConnected),
      onError: (error: unknown) => void errors.push(error),
    },
  };
}

/** Follows leads through a connection, cuts it, does some work meanwhile, and waits until the state came again. */
async function throughACut(
  connection: ReturnType<typeof cuttable>,
  { connections }: { connections: boolean[] },
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  connection.cut();
  await until(() => connections.at(-1) === false, { what: "the cut is noticed" });
  await meanwhile();
  connection.restore();
  await until(() => connections.at(-1) === true, { what: "the connection is back" });
}

Deno.test("two who follow one channel both get the state and each event, and one may stop", async () => {
  const { id, admin } = await newOrganization();
  await addLeads(id, 1);
  await withClient(admin, async ({ live, withOrganization }) => {
    const [first, second, third] = [listening(), listening(), listening()];
    const stopFirst = await live.leads(first.listener);
    await until(() => first.states().length === 1, { what: "the first one's state" });
    const stopSecond = await withOrganization(id).live.leads(second.listener);
    await until(() => second.states().length === 1, { what: "the second one's state" });
    await addLeads(id, 1);
    for (const { events } of [first, second]) {
      await until(() => events().length === 1, { what: "the event" });
    }
    await stopFirst();
    await stopFirst();
    await addLeads(id, 1);
    await until(() => second.events().length === 2, { what: "the event of the one who stayed" });
    assert.equal(first.events().length, 1);
    // Leaving and joining at once: supabase-js gives the channel that is being left.
    const [stopThird] = await Promise.all([live.leads(third.listener), stopSecond()]);
    await until(() => third.states().length === 1, { what: "the third one's state" });
    assert.equal(third.states()[0]?.length, 3);
    assert.deepEqual([first.errors, second.errors, third.errors], [[], [], []]);
    await stopThird();
  }, { organizationId: id });
});

Deno.test("one who stops while another joins does not end the other's channel", async () => {
  const { id, admin } = await newOrganization();
  await withClient(admin, async ({ live }) => {
    const [first, second] = [listening(), listening()];
    const stopFirst = await live.leads(first.listener);
    const leaving = stopFirst();
    const stopSecond = await live.leads(second.listener);
    await leaving;
    await until(() => second.states().length === 1, { what: "the state" });
    await addLeads(id, 1);
    await until(() => second.events().length === 1, { what: "the event" });
    await stopSecond();
  }, { organizationId: id });
});

Deno.test("a counselor's leads and notifications come through one channel, of one organization", async () => {
  const { id } = await newOrganization();
  const counselor = await addMember({ id }, "counselor");
  await withClient(counselor, async ({ live }) => {
    const leads = listening();
    const titles: string[] = [];
    let isThere = false;
    const stops = await Promise.all([
      live.leads(leads.listener),
      live.notifications({
        onUpdate: (update) => {
          if (update.type === "state") isThere = true;
          else titles.push(update.event.title);
        },
      }),
    ]);
    await until(() => isThere && leads.states().length === 1, { what: "both states" });
    await database()`insert into public.leads (organization_id, first_name, assigned_to)
      values (${id}, 'Own', ${counselor.userId}), (${id}, 'Nobody''s', null)`;
    await notify([counselor], { kind: "system", title: "Hello" });
    await until(() => titles.includes("Hello") && leads.events().length === 1, { what: "both" });
    // What another organization tells the same person.
    await database()`select realtime.send(${{
      organization_id: crypto.randomUUID(),
      lead_id: crypto.randomUUID(),
      version: 1,
    } as never}::jsonb, 'lead', ${`user:${counselor.userId}`}, true)`;
    await notify([counselor], { kind: "system", title: "Later" });
    await until(() => titles.includes("Later"), { what: "what was sent after it" });
    assert.equal(leads.events().length, 1);
    for (const stop of stops) await stop();
  }, { organizationId: id });
});

Deno.test("a manager follows the own team's leads", async () => {
  const { id } = await newOrganization();
  const manager = await addMember({ id }, "manager");
  const team = await newTeam({ id }, [manager]);
  await withClient(manager, async ({ live }) => {
    const leads = listening();
    const stop = await live.leads(leads.listener);
    await until(() => leads.states().length === 1, { what: "the state" });
    await database()`insert into public.leads (organization_id, first_name, team_id)
      values (${id}, 'Ours', ${team}), (${id}, 'Others''', null)`;
    await until(() => leads.events().length === 1, { what: "the event" });
    await stop();
  }, { organizationId: id });
});

Deno.test("after a cut connection the leads come whole, beyond the first page, and a late event changes nothing", async () => {
  const { id, admin } = await newOrganization();
  await addLeads(id, 1);
  await addLeads(id, 230);
  using connection = cuttable(stackUnderTest().api_url);
  await withClient(admin, async ({ live }) => {
    const leads = listening();
    const stop = await live.leads(leads.listener);
    await until(() => leads.states().length === 1, { what: "the state" });
    assert.equal(leads.states()[0]?.length, 231);
    await throughACut(
      connection,
      leads,
      () =>
        database()`update public.leads set first_name = 'Changed' where organization_id = ${id}
        and id = (select min(id::text)::uuid from public.leads where organization_id = ${id})`,
    );
    await until(() => leads.states().length === 2, { what: "the state after the cut" });
    const after = leads.states()[1] ?? [];
    assert.equal(after.length, 231);
    const changed = after.find(({ first_name }) => first_name === "Changed");
    assert.ok(changed, "what changed during the cut is shown, on whatever page");
    const before = leads.events().length;
    await database()`select private.broadcast_leads(${[{
      organization_id: id,
      lead: { lead_id: changed.id, version: changed.version - 1, change: "updated" },
    }] as never}::jsonb)`;
    await addLeads(id, 1);
    await until(() => leads.events().length > before, { what: "the event after the late one" });
    assert.deepEqual(leads.events().slice(before).map(({ change }) => change), ["created"]);
    await stop();
  }, { organizationId: id, url: connection.url });
});

Deno.test("a change of many leads is followed by the whole state", async () => {
  const { id, admin } = await newOrganization();
  await withClient(admin, async ({ live }) => {
    const leads = listening();
    const stop = await live.leads(leads.listener);
    await until(() => leads.states().length === 1, { what: "the state" });
    await addLeads(id, 120);
    await until(() => leads.states().at(-1)?.length === 120, { what: "the state of all" });
    assert.deepEqual(leads.events().map(({ change }) => change), ["many"]);
    await stop();
  }, { organizationId: id });
});

Deno.test("an event that is lost is made good by the next reading", async () => {
  const { id, admin } = await newOrganization();
  await addLeads(id, 1);
  await withClient(admin, async ({ live }) => {
    const leads = listening();
    const stop = await live.leads({ ...leads.listener, refreshSeconds: 1 });
    await until(() => leads.states().length === 1, { what: "the state" });
    await changeSilently(id, "Lead 1", "Silent");
    await until(() => leads.states().at(-1)?.[0]?.first_name === "Silent", { what: "the change" });
    assert.deepEqual(leads.events(), []);
    await stop();
  }, { organizationId: id });
});

Deno.test("leads that match a filter are followed as they begin and cease to match", async () => {
  const { id, admin } = await newOrganization();
  await addLeads(id, 3);
  const names = (live: { states(): { first_name: string }[][] }) =>
    live.states().at(-1)?.map(({ first_name }) => first_name).sort();
  await withClient(admin, async ({ live }) => {
    const found = listening();
    const newest = listening();
    const stops = [
      await live.leads(found.listener, { query: { search: "Lead 2" } }),
      await live.leads(newest.listener, { max: 2 }),
    ];
    await until(() => found.states().length === 1 && newest.states().length === 1, {
      what: "both states",
    });
    assert.deepEqual(names(found), ["Lead 2"]);
    assert.equal(newest.states()[0]?.length, 2);
    await database()`update public.leads set first_name = 'Else'
      where organization_id = ${id} and first_name = 'Lead 2'`;
    await until(() => found.states().at(-1)?.length === 0, { what: "the state without it" });
    for (const stop of stops) await stop();
  }, { organizationId: id });
});

Deno.test("more notifications than a page, sent during a cut, are all in the next state", async () => {
  const { id, admin } = await newOrganization();
  await notify([admin], { kind: "system", title: "Before" });
  using connection = cuttable(stackUnderTest().api_url);
  await withClient(admin, async ({ live }) => {
    const states: string[][] = [];
    const connections: boolean[] = [];
    const stop = await live.notifications({
      onUpdate: (update) => {
        if (update.type === "state") states.push(update.state.map(({ title }) => title));
      },
      onConnection: (isConnected) => void connections.push(isConnected),
    });
    await until(() => states.length === 1, { what: "the state" });
    await throughACut(
      connection,
      { connections },
      () =>
        database()`insert into public.notifications (organization_id, user_id, kind, title)
        select ${id}, ${admin.userId}, 'system', 'Missed ' || n from generate_series(1, 70) n`,
    );
    await until(() => states.length === 2, { what: "the state after the cut" });
    assert.equal(states[1]?.filter((title) => title.startsWith("Missed")).length, 70);
    await stop();
  }, { organizationId: id, url: connection.url });
});

Deno.test("a channel that the program listens on itself is refused with a reason", async () => {
  const { id, admin } = await newOrganization();
  await withClient(admin, async ({ live }, supabase) => {
    const topic = `organization:${id}:leads`;
    supabase.channel(topic, { config: { private: true } });
    await assert.rejects(
      live.follow({ topic, event: "lead", load: () => Promise.resolve(0), onUpdate: () => {} }),
      /This program listens on .* itself/,
    );
  }, { organizationId: id });
});
