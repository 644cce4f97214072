import assert from "node:assert/strict";
import type postgres from "postgres";
import {
  addCampaign,
  addRecipients,
  campaignUntil,
  move,
  newCampaigning,
  ordinaryNumbers,
  tend,
  withLatency,
} from "../support/campaigns.ts";
import { withDatabase, withOwnDatabase } from "../support/db.ts";
import { call, expectProblem } from "../support/http.ts";
import { invoke } from "../support/jobs.ts";
import {
  type ProgressBody,
  watchChannel,
  type Watcher,
  watchSocket,
  watchSocketByHeader,
  watchStream,
} from "../support/live.ts";
import { addMember, addMemberWith, newOrganization, type Session } from "../support/people.ts";
import { joins } from "../support/realtime.ts";
import { functionUrl } from "../support/stack.ts";
import { claimsOf, signClaims } from "../support/tokens.ts";
import { askForSocket } from "../support/upgrade.ts";
import { until } from "../support/wait.ts";

/** Nothing goes back, and figures alone come at most once a second, by the clock of the database that counts them. */
function assertSteady(progress: ProgressBody[]): void {
  const shown = JSON.stringify(progress);
  progress.slice(1).forEach((next, index) => {
    const last = progress[index] ?? next;
    assert(next.version >= last.version, `the version goes up: ${shown}`);
    if (next.version === last.version) return assert.deepEqual(next, last);
    assert(next.targets.sent >= last.targets.sent, `the sent go up: ${shown}`);
    assert(next.segments >= last.segments, `the segments go up: ${shown}`);
    const apart = Date.parse(next.changed_at) - Date.parse(last.changed_at);
    assert(next.status !== last.status || apart >= 999, `${apart} ms apart: ${shown}`);
  });
}

const last = ({ progress }: Watcher): ProgressBody | undefined => progress.at(-1);

async function seen(
  watchers: Watcher[],
  what: string,
  holds: (state: ProgressBody) => boolean,
): Promise<void> {
  for (const watcher of watchers) {
    await until(() => watcher.progress.some(holds), { timeoutMs: 300_000, what }).catch((error) => {
      throw new Error(`${error.message} The last was ${JSON.stringify(last(watcher))}.`);
    });
  }
}

Deno.test("A stream, a socket and a channel show a running campaign, each through a reconnect", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  const viewer = await addMember(office, "viewer");
  await addRecipients(office, ordinaryNumbers(300).map((phone) => ({ phone })));
  const campaign = await addCampaign(office, { messages_per_minute: 3_000 });
  const watchers = await Promise.all([
    watchStream(viewer, campaign.id),
    watchSocket(viewer, campaign.id),
    watchChannel(viewer, campaign.id),
  ]);
  const [stream, socket, channel] = watchers;
  try {
    await seen(watchers, "the draft", ({ status }) => status === "draft");
    // Two dispatchers, and the carrier's callbacks, all write at once.
    await withLatency(20, async () => {
      await move(office.admin, campaign.id, "start");
      await seen(watchers, "the first texts", ({ targets }) => targets.sent > 0);
      await Promise.all([invoke("dispatch-messages"), invoke("dispatch-messages")]);
      for (const watcher of watchers) {
        const known = last(watcher)?.version ?? 0;
        const present = await watcher.reconnect();
        assert(present.version >= known, "the present state comes first");
        assert.equal(present.targets.total, 300, "and it is whole");
      }
      await seen(watchers, "the last text", ({ targets }) => targets.sent === 300);
    });
    await seen(watchers, "the last delivery", ({ messages }) => messages["delivered"] === 300);
    await tend();
    await seen(watchers, "the end", ({ status }) => status === "completed");
    await until(() => stream.endings.length + socket.endings.length === 2, { what: "both ends" });
    for (const { events } of [stream, socket]) {
      assert.deepEqual(events, [{ event: "end", data: { status: "completed" } }]);
    }
    assert.deepEqual([stream.endings, socket.endings], [["end"], [1_000]]);
  } finally {
    watchers.forEach((watcher) => watcher.close());
  }
  for (const watcher of watchers) {
    assertSteady(watcher.progress);
    assert(watcher.progress.length >= 4, `it moved on: ${JSON.stringify(watcher.progress)}`);
    const { version: _, changed_at: __, ...final } = last(watcher) ?? assert.fail();
    const { version: ___, changed_at: ____, ...other } = last(channel) ?? assert.fail();
    assert.deepEqual(final, other, "all end with the same state");
    assert.deepEqual(final.targets, {
      total: 300,
      pending: 0,
      sent: 300,
      excluded: 0,
      canceled: 0,
    });
    assert.deepEqual([final.messages, final.segments], [{ delivered: 300 }, 300]);
  }
  const told = new Map(channel.progress.map((state) => [state.version, state]));
  for (const state of [...stream.progress, ...socket.progress]) {
    const broadcast = told.get(state.version);
    if (broadcast) assert.deepEqual(state, broadcast, "a version is one state, however it comes");
  }
});

Deno.test("A pause, a resume and a cancellation show at once, with the figures that they leave", async () => {
  const office = await newCampaigning({ marketing_consent: "not_required" });
  const { admin } = office;
  await addRecipients(office, ordinaryNumbers(50).map((phone) => ({ phone })));
  const campaign = await addCampaign(office, { messages_per_minute: 60 });
  const channel = await watchChannel(admin, campaign.id);
  const stream = await watchStream(admin, campaign.id);
  const socket = await watchSocketByHeader(admin, campaign.id);
  try {
    await move(admin, campaign.id, "start");
    await campaignUntil(admin, campaign.id, "a text", ({ targets }) => targets.sent > 0);
    for (
      const [to, status, reason] of [
        ["pause", "paused", "Paused by a person."],
        ["resume", "running", null],
        ["cancel", "canceled", "Canceled by a person."],
      ] as const
    ) {
      await move(admin, campaign.id, to);
      await seen(
        [channel],
        status,
        (state) => state.status === status && state.status_reason === reason,
      );
    }
    await until(() => stream.endings.length + socket.endings.length === 2, { what: "both ends" });
    for (const { events } of [stream, socket]) {
      assert.deepEqual(events, [{ event: "end", data: { status: "canceled" } }]);
    }
    for (const watcher of [channel, stream, socket]) {
      const canceled = watcher.progress.find(({ status }) => status === "canceled");
      assert.equal(canceled?.targets.pending, 0, "nobody waits any more");
      assert.equal(canceled.targets.canceled + canceled.targets.sent, 50);
    }
    const [again] = await watchStream(admin, campaign.id).then((late) =>
      until(() => late.endings.length > 0 && late.progress, { what: "the late end" })
    );
    assert.equal(again?.status, "canceled", "who comes later hears that it is over");
  } finally {
    [channel, stream, socket].forEach((watcher) => watcher.close());
  }
});

Deno.test("Who may not read the campaign gets a problem, no stream, no socket and no channel", async () => {
  const office = await newCampaigning();
  const { id } = await addCampaign(office);
  const stranger = (await newOrganization()).admin;
  const counselor = await addMember(office, "counselor");
  const garbage: Session = { ...office.admin, accessToken: "garbage" };
  const unknown = crypto.randomUUID();
  const cases: [Session, string, number, string][] = [
    [stranger, id, 404, "not_found"],
    [office.admin, unknown, 404, "not_found"],
    [office.admin, "nonsense", 422, "invalid_field"],
    [counselor, id, 403, "permission_denied"],
    [garbage, id, 401, "not_signed_in"],
  ];
  for (const [session, campaign, status, code] of cases) {
    expectProblem(await call(session, "GET", `/campaigns/${campaign}/live`), status, code);
    for (
      const headers of [
        { authorization: `Bearer ${session.accessToken}` },
        { "sec-websocket-protocol": `signalbox, bearer.${session.accessToken}` },
      ]
    ) {
      const answer = await askForSocket(functionUrl(`/campaigns/${campaign}/ws`), headers);
      assert(answer, "the socket is not opened");
      expectProblem(answer, status, code);
    }
  }
  const nobody = await askForSocket(functionUrl(`/campaigns/${id}/ws`));
  expectProblem(nobody ?? assert.fail(), 401, "not_signed_in");
  const plain = await call(office.admin, "GET", `/campaigns/${id}/ws`);
  expectProblem(plain, 426, "upgrade_required");
  assert.equal(plain.headers.get("upgrade"), "websocket");
  const joined = (session: Session, campaign: string) => joins(session, `campaign:${campaign}`);
  assert.deepEqual(
    await Promise.all([
      joined(office.admin, id),
      joined(stranger, id),
      joined(counselor, id),
      joined(office.admin, unknown),
      joined(office.admin, "nonsense"),
    ]),
    [true, false, false, false, false],
  );
});

Deno.test("Who loses the right while watching is put out and told so", async () => {
  const office = await newCampaigning();
  const { id } = await addCampaign(office);
  const losing = async (session: Session, change: () => Promise<unknown>, code: string) => {
    const watchers = [await watchStream(session, id), await watchSocket(session, id)];
    await seen(watchers, "the draft", ({ status }) => status === "draft");
    await change();
    for (const { events, endings } of watchers) {
      await until(() => endings.length > 0, { what: "the end" });
      assert.deepEqual(events.map(({ event, data }) => [event, data["status"], data["code"]]), [
        ["refused", 403, code],
      ]);
    }
    assert.deepEqual(watchers.map(({ endings }) => endings), [["end"], [4_403]]);
  };
  const viewer = await addMember(office, "viewer");
  await losing(
    viewer,
    () => call(office.admin, "PATCH", `/users/${viewer.userId}`, { status: "suspended" }),
    "not_a_member",
  );
  const leaver = await addMember(office, "viewer");
  await losing(
    leaver,
    () => call(office.admin, "DELETE", `/users/${leaver.userId}`),
    "not_a_member",
  );
  const reader = await addMemberWith(office, ["campaigns:read"]);
  await losing(
    reader,
    () =>
      withDatabase((sql) =>
        sql`delete from public.role_permissions p using public.memberships m
          where m.role_id = p.role_id and m.user_id = ${reader.userId}`
      ),
    "permission_denied",
  );
  const watchers = [await watchStream(office.admin, id), await watchSocket(office.admin, id)];
  await seen(watchers, "the draft", ({ status }) => status === "draft");
  await call(office.admin, "DELETE", `/campaigns/${id}`);
  for (const { endings } of watchers) {
    await until(() => endings.length > 0, { what: "the end of what was deleted" });
  }
  assert.deepEqual(watchers.map(({ endings }) => endings), [["end"], [4_404]]);
});

/** A stream and a socket with a token that ends soon; on a busy machine they need one that holds longer to be opened. */
async function watchersThatEnd(session: Session, id: string): Promise<Watcher[]> {
  const claims = claimsOf(session.accessToken);
  for (const seconds of [4, 20]) {
    const exp = Math.floor(Date.now() / 1_000) + seconds;
    const ending = { ...session, accessToken: await signClaims({ ...claims, exp }) };
    const opened = await Promise.allSettled([watchStream(ending, id), watchSocket(ending, id)]);
    const watchers = opened.flatMap((one) => one.status === "fulfilled" ? [one.value] : []);
    if (watchers.length === 2) return watchers;
    watchers.forEach((watcher) => watcher.close());
  }
  return assert.fail("a token of 20 seconds ended before both were opened");
}

Deno.test("Watching ends with the token", async () => {
  const office = await newCampaigning();
  const { id } = await addCampaign(office);
  const watchers = await watchersThatEnd(office.admin, id);
  for (const { events, endings } of watchers) {
    await until(() => endings.length > 0, { what: "the end" });
    assert.deepEqual(events.map(({ event, data }) => [event, data["status"], data["code"]]), [
      ["refused", 401, "not_signed_in"],
    ]);
  }
  assert.deepEqual(watchers.map(({ endings }) => endings), [["end"], [4_401]]);
});

Deno.test("A browser's socket can name the organization, and the token is never sent back", async () => {
  const office = await newCampaigning();
  const other = await newOrganization();
  const { id } = await addCampaign(office);
  await withDatabase((sql) =>
    sql`insert into public.memberships (organization_id, user_id, role_id, status)
      select ${office.id}, ${other.admin.userId}, m.role_id, 'active' from public.memberships m
      where m.organization_id = ${other.id} and m.user_id = ${other.admin.userId}`
  );
  const watcher = await watchSocket(other.admin, id, `organization.${office.id}`);
  await seen([watcher], "the draft", ({ status }) => status === "draft");
  watcher.close();
  const elsewhere = await askForSocket(functionUrl(`/campaigns/${id}/ws`), {
    "sec-websocket-protocol":
      `signalbox, bearer.${other.admin.accessToken}, organization.${other.id}`,
  });
  expectProblem(elsewhere ?? assert.fail(), 404, "not_found");
});

Deno.test("Nobody who writes waits for a broadcast under way, and what they write is told after it", async () => {
  const office = await newCampaigning();
  const { admin } = office;
  const { id } = await addCampaign(office);
  const channel = await watchChannel(admin, id);
  const add = (sql: postgres.Sql, position: number) =>
    sql`insert into public.campaign_targets (organization_id, campaign_id, position, lead_id, status)
      values (${office.id}, ${id}, ${position}, ${crypto.randomUUID()}, 'sent')`;
  await withDatabase((sql) =>
    sql.begin(async (telling) => {
      await telling`select from private.campaign_progress where campaign_id = ${id} for update`;
      await withOwnDatabase({ lock_timeout: 30_000 }, async (other) => {
        await Promise.all([add(other, 1), add(other, 2)]);
        await other`update public.campaigns set status = 'paused' where id = ${id}`;
        const [read] = await other`select private.broadcast_progress(${id}, interval '0')`;
        assert(read, "not even another who tells");
      });
      assert.equal(last(channel)?.targets.sent, 0, "nothing is told meanwhile");
    })
  );
  await seen(
    [channel],
    "both texts",
    ({ targets, status }) => targets.sent === 2 && status === "paused",
  );
  channel.close();
});

Deno.test("Nothing is read any more for clients that have gone", async () => {
  const office = await newCampaigning();
  const { id } = await addCampaign(office);
  // Nothing happens to a draft, so only those who watch it look at it.
  const unseenFor = () =>
    withDatabase(async (sql) => {
      const [row] = await sql`
        select extract(epoch from clock_timestamp() - computed_at)::float8 as seconds
        from private.campaign_progress where campaign_id = ${id}`;
      return Number(row?.["seconds"]);
    });
  const watchers = [await watchStream(office.admin, id), await watchSocket(office.admin, id)];
  await seen(watchers, "the draft", ({ status }) => status === "draft");
  const [before] = watchers.map(last);
  await until(async () => await unseenFor() < 1, { what: "a look" });
  watchers.forEach((watcher) => watcher.close());
  await until(async () => await unseenFor() > 4, { what: "the end of looking" });
  assert.deepEqual(watchers.map(last), [before, before], "a state that stays is told once");
});

Deno.test("A person may not open any number of streams", async () => {
  const office = await newCampaigning();
  const { id } = await addCampaign(office);
  const open = async () => {
    const answer = await fetch(functionUrl(`/campaigns/${id}/live`), {
      headers: { authorization: `Bearer ${office.admin.accessToken}` },
    });
    await answer.body?.cancel();
    return answer;
  };
  const answers = await Promise.all(Array.from({ length: 22 }, open));
  const refused = answers.filter(({ status }) => status === 429);
  assert.equal(answers.filter(({ status }) => status === 200).length, 22 - refused.length);
  assert(refused.length > 0, "some are refused");
  assert(Number(refused[0]?.headers.get("retry-after")) > 0);
});
