import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { assignmentsOf, holdersOf, leadRow, movesOf, storeLeads } from "../support/lead_rows.ts";
import { assign, bulkAssign, type LeadBody, move } from "../support/leads.ts";
import { mailArrived, mailsTo } from "../support/mail.ts";
import { newOffice, type Office } from "../support/office.ts";
import { listening } from "../support/realtime.ts";
import { clockOf, eventsOf, letPass, toldOf } from "../support/sla.ts";
import { addTask } from "../support/tasks.ts";
import { until } from "../support/wait.ts";

/*
 * A day of the people who work with leads, each doing over HTTP what they do in the old systems: the SDR brings leads, the
 * manager hands them out, the counselor works them, and the clock reminds.
 */

interface Item {
  kind: string;
  [detail: string]: unknown;
}

/** What the API tells the person of a lead, newest first. */
async function notices(person: Office["manager"], lead: string) {
  const page = expectStatus<{ data: { kind: string; data: { lead_id?: string } }[] }>(
    await call(person, "GET", "/notifications?limit=100"),
    200,
  );
  return page.data.filter(({ data }) => data.lead_id === lead).map(({ kind }) => kind);
}

const run = (job: "run_sla" | "run_task_reminders") =>
  withDatabase((sql) => sql`select private.${sql(job)}()`);

/** How many mails with such a subject an address has got, once it has got one. */
async function mailCount(address: string, subject: RegExp): Promise<number> {
  return (await mailArrived(address, subject)).length;
}

Deno.test("A day with leads: brought, refused twice over, handed out, told, and worked", async (t) => {
  const office = await newOffice({ name: "Admissions" });
  const { admin, manager, counselor, colleague } = office;
  const sdr = counselor;
  let first = "";
  let second = "";

  await t.step("the SDR adds leads, and is told of the one that is there already", async () => {
    const body = { first_name: "Esi", last_name: "Owusu", phone: "0244000111", source: "website" };
    first = expectStatus<LeadBody>(await call(sdr, "POST", "/leads", body), 201).id;
    const other = { first_name: "Yaw", email: "yaw@example.com", value: "1200" };
    second = expectStatus<LeadBody>(await call(sdr, "POST", "/leads", other), 201).id;
    const refused = expectProblem(
      await call(sdr, "POST", "/leads", { first_name: "E.", phone: "+233 24 400 0111" }),
      409,
      "duplicate_lead",
    );
    assert.equal((refused as unknown as { existing_id: string }).existing_id, first);
    const row = await leadRow(first);
    assert.deepEqual(
      [row["phone"], row["status"], row["created_by"], row["team_id"], row["version"]],
      ["+233244000111", "new", sdr.userId, office.team, 1],
    );
    const total = await withDatabase((sql) =>
      sql`select count(*)::int as n from public.leads where organization_id = ${office.id}`
    );
    assert.equal(total[0]?.["n"], 2, "the duplicate was not stored");
  });

  await t.step("the manager assigns one, and supabase-js hears it on both channels", async () => {
    await listening(admin, `organization:${office.id}:leads`, async (all) => {
      await listening(colleague, `user:${colleague.userId}`, async (own) => {
        assert(all.joined && own.joined);
        assert.equal(
          (await assign(manager, first, colleague.userId)).assigned_to,
          colleague.userId,
        );
        const mine = (channel: typeof all) =>
          channel.heard.find(({ event, payload }) =>
            event === "lead" && payload["lead_id"] === first
          );
        await until(() => mine(all) && mine(own), { what: "the change on both channels" });
        await until(() => own.heard.some(({ event }) => event === "notification"), {
          what: "the notification on the person's channel",
        });
        assert.equal(mine(own)?.payload["assigned_to"], colleague.userId);
      });
    });
    const [given] = await assignmentsOf(first);
    const row = await leadRow(first);
    assert.deepEqual(
      [given?.["to_user"], given?.["assigned_by"], given?.["method"], given?.["deadline"]],
      [colleague.userId, manager.userId, "manual", row["sla_deadline"]],
    );
    assert.deepEqual(await notices(colleague, first), ["assignment"]);
    const [mail] = await mailArrived(colleague.email, /Esi Owusu/);
    assert.match(mail?.text ?? "", /Respond by/);
  });

  await t.step(
    "the manager assigns many leads in turn, and each person gets one mail",
    async () => {
      const unassigned = await storeLeads(office, 24, { team_id: office.team });
      const among = [counselor.userId, colleague.userId];
      const answer = await bulkAssign(manager, {
        lead_ids: unassigned,
        strategy: "round_robin",
        among,
      });
      assert.deepEqual(answer, {
        assigned: 24,
        skipped: [],
        by_user: { [counselor.userId]: 12, [colleague.userId]: 12 },
      });
      const holders = await holdersOf(unassigned);
      assert.equal(holders.filter((holder) => holder === counselor.userId).length, 12);
      for (const person of [counselor, colleague]) {
        const [mail, ...more] = await mailArrived(person.email, /12 leads/);
        assert.equal(mail?.subject, "Assigned to you: 12 leads");
        assert.match(mail?.text ?? "", /assigned 12 leads to you\./);
        assert.deepEqual(more, []);
      }
    },
  );

  await t.step(
    "the counselor calls in time, moves, adds a task and a student, and reads it all",
    async () => {
      const at = (path: string) => `/leads/${first}${path}`;
      const talk = {
        type: "call",
        direction: "outbound",
        outcome: "reached",
        duration_seconds: 90,
      };
      expectStatus(await call(colleague, "POST", at("/interactions"), talk), 201);
      await move(colleague, first, "contacted");
      await move(colleague, first, "qualified");
      await addTask(colleague, { lead_id: first, title: "Send the fees" });
      expectStatus(await call(colleague, "POST", at("/students"), { first_name: "Kojo" }), 201);

      await withDatabase(async (sql) => {
        const clock = await clockOf(sql, first);
        assert.equal(clock.sla_status, "met");
        assert(clock.sla_started_at && clock.sla_responded_at);
        const took = clock.sla_responded_at.getTime() - clock.sla_started_at.getTime();
        const [response] = (await eventsOf(sql, first)).filter(({ event }) => event === "response");
        assert.deepEqual(
          [response?.met, response?.response_minutes],
          [true, Math.floor(took / 60_000)],
        );
      });
      assert.deepEqual(
        (await movesOf(first)).map(({ from_status, to_status, changed_by }) => [
          from_status,
          to_status,
          changed_by,
        ]),
        [
          ["new", "contacted", colleague.userId],
          ["contacted", "qualified", colleague.userId],
        ],
      );
      const { data } = expectStatus<{ data: Item[] }>(
        await call(colleague, "GET", at("/timeline")),
        200,
      );
      assert.deepEqual(data.map(({ kind }) => kind), [
        "student_added",
        "task",
        "stage_change",
        "stage_change",
        "interaction",
        "assignment",
        "lead_created",
      ]);
    },
  );

  await t.step(
    "the deadline of another lead nears: one reminder, however often is looked",
    async () => {
      await assign(manager, second, colleague.userId);
      await withDatabase((sql) => letPass(sql, [second], 95));
      await run("run_sla");
      await run("run_sla");
      assert.equal(await mailCount(colleague.email, /^Response due soon: Yaw/), 1);
      assert.deepEqual(await notices(colleague, second), ["sla_reminder", "assignment"]);
      const list = expectStatus<{ data: LeadBody[] }>(
        await call(colleague, "GET", "/leads?sla=due"),
        200,
      );
      assert.deepEqual(list.data.map(({ id }) => id), [second]);
    },
  );

  await t.step("the deadline passes: assignee, creator and manager are notified once", async () => {
    await withDatabase((sql) => letPass(sql, [second], 40));
    await Promise.all([run("run_sla"), run("run_sla")]);
    await run("run_sla");
    for (const person of [colleague, sdr, manager]) {
      assert.equal(await mailCount(person.email, /^Response overdue: Yaw/), 1);
      const of = (await notices(person, second)).filter((kind) => kind === "sla_breach");
      assert.equal(of.length, 1, `${person.email} is told once`);
    }
    assert.deepEqual(await notices(office.otherCounselor, second), [], "the other team is not");
    assert.deepEqual(
      await mailsTo(admin.email),
      [],
      "nor is the admin, while the team has a manager",
    );
  });

  await t.step("the late answer is an answer, but does not undo the breach", async () => {
    const talk = { type: "call", direction: "outbound" };
    expectStatus(await call(colleague, "POST", `/leads/${second}/interactions`, talk), 201);
    await withDatabase(async (sql) => {
      const clock = await clockOf(sql, second);
      assert.equal(clock.sla_status, "breached");
      assert(clock.sla_breached_at && clock.sla_responded_at);
      assert.deepEqual(
        (await eventsOf(sql, second)).map(({ event, met }) => [event, met]),
        [["reminder", null], ["breach", null], ["response", false]],
      );
      const { inApp, mailed } = await toldOf(sql, second);
      const told = inApp.map(({ kind, user_id }) => `${kind} ${user_id}`).sort();
      assert.deepEqual(mailed.map(({ kind, user_id }) => `${kind} ${user_id}`).sort(), told);
      assert.equal(new Set(told).size, told.length, "nobody was notified twice");
      assert.equal(told.length, 5, "the assignment, the reminder, and the breach to three");
    });
  });

  await t.step("a task falls due: its assignee is reminded once", async () => {
    const due_at = new Date(Date.now() + 86_400_000).toISOString();
    const task = await addTask(colleague, { lead_id: first, title: "Call the school", due_at });
    await withDatabase((sql) =>
      sql`update public.tasks set due_at = now() - interval '1 minute' where id = ${task.id}`
    );
    await run("run_task_reminders");
    await run("run_task_reminders");
    assert.equal(await mailCount(colleague.email, /^Task due: Call the school/), 1);
  });

  await t.step("the manager sees the team's figures, as a recount has them", async () => {
    const figures = expectStatus<Record<string, unknown>>(
      await call(manager, "GET", "/dashboard/metrics"),
      200,
    );
    const counted = await withDatabase((sql) =>
      sql`select count(*)::int as total, count(*) filter (where sla_status = 'breached')::int as breached,
          count(*) filter (where outcome is null and assigned_to is null)::int as unassigned
        from public.leads where organization_id = ${office.id} and team_id = ${office.team}`
    );
    assert.deepEqual(
      { total: figures["total"], breached: figures["breached"], unassigned: figures["unassigned"] },
      { ...counted[0] },
    );
    assert.deepEqual([figures["total"], figures["breached"]], [26, 1]);
    const sla = figures["sla"] as Record<string, unknown>;
    assert.deepEqual([sla["met"], sla["breached"], sla["met_rate"], sla["responses"]], [
      1,
      1,
      0.5,
      2,
    ]);

    const summary = expectStatus<{ stage: string; count: number; value: string }[]>(
      await call(manager, "GET", "/pipeline/summary"),
      200,
    );
    assert.deepEqual(
      summary.filter(({ count }) => count > 0).map((
        { stage, count, value },
      ) => [stage, count, value]),
      [["new", 25, "1200.00"], ["qualified", 1, "0.00"]],
    );
    const each = expectStatus<{ user_id: string; open: number; breached: number }[]>(
      await call(manager, "GET", "/dashboard/leads-per-assignee"),
      200,
    );
    assert.deepEqual(
      Object.fromEntries(each.map(({ user_id, open, breached }) => [user_id, [open, breached]])),
      { [counselor.userId]: [12, 0], [colleague.userId]: [14, 1], [manager.userId]: [0, 0] },
    );
  });
});
