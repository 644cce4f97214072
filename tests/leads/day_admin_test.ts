import assert from "node:assert/strict";
import { withDatabase } from "../support/db.ts";
import { type Answer, call, type Caller, expectProblem, expectStatus } from "../support/http.ts";
import { ended, errorLines, leadsOf, previewed, started } from "../support/lead_import.ts";
import { holdersOf, leadRow, movesOf } from "../support/lead_rows.ts";
import { assign, type LeadBody, merge, move } from "../support/leads.ts";
import { mailArrived } from "../support/mail.ts";
import { newOffice } from "../support/office.ts";
import { addMember, newOrganization } from "../support/people.ts";
import { addTask } from "../support/tasks.ts";
import { until } from "../support/wait.ts";

/*
 * The other half of a day with leads: what an admin does over HTTP, what a viewer may only look at, and what another
 * organization's admin never gets to see.
 */

interface Log {
  id: string;
  action: string;
  resource: string;
  resource_id: string;
  user_id: string;
  changed: string[];
}

/** Ways to change something, each refused to a viewer and none to be found by another organization's admin. */
const changes = (lead: string, task: string, person: string, student: string) =>
  [
    ["PATCH", `/leads/${lead}`, { first_name: "Changed" }],
    ["DELETE", `/leads/${lead}`, undefined],
    ["POST", `/leads/${lead}/restore`, {}],
    ["PATCH", `/leads/${lead}/assign`, { assigned_to: null }],
    ["PATCH", `/leads/${lead}/status`, { status: "won" }],
    ["POST", `/leads/${lead}/merge`, { duplicate_id: crypto.randomUUID() }],
    ["POST", `/leads/${lead}/resend-email`, {}],
    ["POST", `/leads/${lead}/interactions`, { type: "note", body: "Seen" }],
    ["POST", `/leads/${lead}/students`, { first_name: "Ama" }],
    ["PATCH", `/leads/${lead}/students/${student}`, { first_name: "Ama" }],
    ["DELETE", `/leads/${lead}/students/${student}`, undefined],
    ["PATCH", `/tasks/${task}`, { title: "Changed" }],
    ["DELETE", `/tasks/${task}`, undefined],
    ["PATCH", `/users/${person}`, { status: "suspended" }],
    ["DELETE", `/users/${person}`, undefined],
  ] as const;

/** All that is stored of the organization's leads, to see whether somebody changed anything. */
async function stored(organization: string): Promise<unknown> {
  return await withDatabase(async (sql) => {
    const rows = await sql`
      select (select jsonb_agg(to_jsonb(l) order by l.id) from public.leads l where l.organization_id = ${organization}) as leads,
        (select jsonb_agg(to_jsonb(t) order by t.id) from public.tasks t where t.organization_id = ${organization}) as tasks,
        (select jsonb_agg(to_jsonb(s) order by s.id) from public.students s where s.organization_id = ${organization}) as students,
        (select jsonb_agg(to_jsonb(m) order by m.user_id) from public.memberships m where m.organization_id = ${organization}) as people,
        (select count(*) from public.interactions i where i.organization_id = ${organization}) as interactions,
        (select count(*) from public.lead_history h where h.organization_id = ${organization}) as moves`;
    return rows[0];
  });
}

Deno.test("An admin's day: import, export, merge, deletion, a departure, and who did what", async (t) => {
  const office = await newOffice({ name: "Admissions" });
  const { admin, manager, counselor, colleague } = office;
  let old = "";

  await t.step("imports a file by its mapping; known people are skipped and named", async () => {
    old = expectStatus<LeadBody>(
      await call(counselor, "POST", "/leads", { first_name: "Known", phone: "0244000100" }),
      201,
    ).id;
    const file = "Client;Handy;Mail;Wert\nKofi Boateng;0244000101;kofi@example.com;1200\n" +
      "Ama Again;0244000100;;\nEfua Sarpong;0244000102;efua@example.com;300\n" +
      "Twice;0244000102;;\n=Faulty;12;;\n";
    const mapping = { Client: "full_name", Handy: "phone", Mail: "email", Wert: "value" };
    const preview = await previewed(admin, file, { mapping });
    assert.deepEqual(preview.duplicates.in_file, 1);
    assert.deepEqual(preview.duplicates.in_organization, 1);
    const id = await started(admin, preview, { mapping: preview.mapping, on_duplicate: "skip" });
    const result = await ended(admin, id);
    const { status, created, updated, skipped, invalid } = result;
    assert.deepEqual({ status, created, updated, skipped, invalid }, {
      status: "done",
      created: 2,
      updated: 0,
      skipped: 2,
      invalid: 1,
    });
    assert.equal((await errorLines(admin, id)).length, 4, "a header and a line for each");
    assert.deepEqual(
      (await leadsOf(office.id)).map(({ first_name, phone, value }) => [first_name, phone, value]),
      [
        ["Known", "+233244000100", "0.00"],
        ["Kofi", "+233244000101", "1200.00"],
        ["Efua", "+233244000102", "300.00"],
      ],
    );
    const [mail] = await mailArrived(admin.email, /^Import finished: leads\.csv/);
    assert.match(mail?.text ?? "", /Added: 2\s+Updated: 0\s+Skipped: 2\s+With errors: 1/);
  });

  await t.step("exports what a filter selects", async () => {
    const csv = expectStatus<string>(
      await call(admin, "GET", "/leads/export?search=example.com"),
      200,
    );
    const lines = csv.replace("\uFEFF", "").trimEnd().split("\r\n");
    assert.equal(lines.length, 3);
    assert.deepEqual(lines.slice(1).map((line) => /kofi@|efua@/.exec(line)?.[0]), [
      "kofi@",
      "efua@",
    ]);
  });

  await t.step("merges two leads: everything hangs under the older one", async () => {
    const [twin] = (await leadsOf(office.id)).filter(({ first_name }) => first_name === "Kofi");
    const id = twin?.id ?? "";
    await assign(admin, id, colleague.userId);
    await move(colleague, id, "contacted");
    await addTask(colleague, { lead_id: id });
    const merged = await merge(admin, id, old);
    assert.equal(merged.id, old);
    assert.deepEqual([merged.phone, merged.email], ["+233244000100", "kofi@example.com"]);
    const gone = await leadRow(id);
    assert(gone["deleted_at"]);
    assert.equal(gone["merged_into"], old);
    assert.deepEqual(
      await withDatabase(async (sql) =>
        [
          ...await sql`
        select (select count(*)::int from public.tasks where lead_id = ${old}) as tasks,
          (select count(*)::int from public.sla_events where lead_id = ${id} and event <> 'stopped') as events`,
        ]
          .map((row) => ({ ...row }))
      ),
      [{ tasks: 1, events: 0 }],
    );
    assert((await movesOf(old)).some(({ to_status }) => to_status === "contacted"));
    expectProblem(await call(admin, "GET", `/leads/${id}`), 404);
  });

  await t.step("deletes and restores", async () => {
    const before = await leadRow(old);
    expectStatus(await call(admin, "DELETE", `/leads/${old}`), 204);
    expectProblem(await call(admin, "GET", `/leads/${old}`), 404);
    assert.equal((await leadsOf(office.id)).length, 1);
    const restored = expectStatus<LeadBody>(
      await call(admin, "POST", `/leads/${old}/restore`),
      200,
    );
    const { version: _, updated_at: __, ...after } = await leadRow(old);
    const { version: ___, updated_at: ____, ...rest } = before;
    const clock = (row: Record<string, unknown>) =>
      Object.fromEntries(Object.entries(row).filter(([key]) => !key.startsWith("sla_")));
    assert.deepEqual(clock(after), clock(rest));
    assert.equal(restored.id, old);
  });

  await t.step(
    "removes a counselor, whose work goes to another; the history keeps the name",
    async () => {
      await assign(admin, old, counselor.userId);
      const task = await addTask(counselor, { title: "Unfinished" });
      const path = `/users/${counselor.userId}`;
      expectProblem(await call(admin, "DELETE", path), 409, "has_open_leads");
      expectStatus(await call(admin, "DELETE", `${path}?reassign_to=${colleague.userId}`), 204);
      assert.deepEqual(await holdersOf([old]), [colleague.userId]);
      assert.equal(
        expectStatus<{ assigned_to: string }>(await call(admin, "GET", `/tasks/${task.id}`), 200)
          .assigned_to,
        colleague.userId,
      );
      expectProblem(await call(counselor, "GET", "/leads"), 403);
      const { data } = expectStatus<{ data: { kind: string; to_user_name?: string }[] }>(
        await call(admin, "GET", `/leads/${old}/timeline?kind=assignment`),
        200,
      );
      assert(data.every(({ to_user_name }) => to_user_name), "people who left are still named");
      const row = await leadRow(old);
      assert.deepEqual([row["sla_status"], row["created_by"]], ["running", counselor.userId]);
    },
  );

  await t.step("reads in the audit log who changed what from what to what", async () => {
    expectStatus(await call(manager, "PATCH", `/leads/${old}`, { region: "Ashanti" }), 200);
    const { logs } = expectStatus<{ logs: Log[] }>(
      await call(
        admin,
        "GET",
        `/audit-logs?resource=leads&resource_id=${old}&action=update&limit=1`,
      ),
      200,
    );
    assert.deepEqual(logs.map(({ user_id, changed }) => [user_id, changed.includes("region")]), [
      [manager.userId, true],
    ]);
    const detail = expectStatus<Record<"before" | "after", Record<string, unknown>>>(
      await call(admin, "GET", `/audit-logs/${logs[0]?.id}`),
      200,
    );
    assert.deepEqual([detail.before["region"], detail.after["region"]], [null, "Ashanti"]);
  });

  await t.step("sees the e-mails that went out", async () => {
    await until(async () => {
      const { data } = expectStatus<{ data: { kind: string; to: string; status: string }[] }>(
        await call(admin, "GET", `/notifications/emails?to=${colleague.email}`),
        200,
      );
      assert(data.length > 0 && data.every(({ to, kind }) => to === colleague.email && kind));
      return data.some(({ status }) => status === "sent");
    }, { what: "an e-mail that was sent" });
  });
});

Deno.test("A viewer reads all of a day's work and changes nothing; another organization's admin finds none of it", async () => {
  const office = await newOffice();
  const viewer = await addMember(office, "viewer");
  const stranger = (await newOrganization({ name: "Elsewhere" })).admin;
  const body = { first_name: "Naa", phone: "0244000200", assigned_to: office.counselor.userId };
  const lead = expectStatus<LeadBody>(await call(office.admin, "POST", "/leads", body), 201).id;
  const task = await addTask(office.counselor, { lead_id: lead });
  const student = expectStatus<{ id: string }>(
    await call(office.counselor, "POST", `/leads/${lead}/students`, { first_name: "Esi" }),
    201,
  ).id;
  const readings = [
    `/leads/${lead}`,
    `/leads/${lead}/interactions`,
    `/leads/${lead}/timeline`,
    `/leads/${lead}/students`,
    `/tasks/${task.id}`,
    `/users/${office.counselor.userId}`,
  ];
  const lists = [
    "/leads?search=Naa",
    "/leads?assigned_to=none",
    "/tasks",
    `/tasks?lead_id=${lead}`,
  ];
  const before = await stored(office.id);

  for (const path of [...readings, ...lists, "/dashboard/metrics", "/pipeline/summary"]) {
    expectStatus(await call(viewer, "GET", path), 200);
  }
  const tries = changes(lead, task.id, office.counselor.userId, student);
  for (const [method, path, change] of tries) {
    expectProblem(await call(viewer, method, path, change), 403, "permission_denied");
  }
  for (const path of ["/leads", "/leads/bulk-assign", "/tasks", "/users"]) {
    expectProblem(await call(viewer, "POST", path, {}), 403, "permission_denied");
  }
  for (const path of ["/audit-logs", "/notifications/emails", "/leads/export", "/leads/import"]) {
    expectProblem(await call(viewer, "GET", path), 403, "permission_denied");
  }

  for (const path of readings) expectProblem(await call(stranger, "GET", path), 404, "not_found");
  for (const [method, path, change] of tries) {
    expectProblem(await call(stranger, method, path, change), 404, "not_found");
  }
  await assertNothingOf(stranger, [lead, task.id, student, office.counselor.userId], lists);
  assert.deepEqual(await stored(office.id), before, "nobody changed anything");
});

/** No list and no figure of somebody's shows one of the ids, or the names of this test. */
async function assertNothingOf(stranger: Caller, ids: string[], lists: string[]): Promise<void> {
  const paths = [
    ...lists,
    "/leads",
    "/leads/export",
    "/leads/import",
    "/leads/holders",
    "/users",
    "/notifications",
    "/notifications/emails",
    "/audit-logs?limit=100",
    "/audit-logs?search=Naa",
    "/audit-logs/export",
    "/dashboard/metrics",
    "/dashboard/leads-per-assignee",
    "/dashboard/sla-performance",
    "/pipeline/summary",
  ];
  for (const path of paths) {
    const answer: Answer = await call(stranger, "GET", path);
    expectStatus(answer, 200);
    const text = JSON.stringify(answer.body);
    for (const trace of [...ids, "Naa", "233244000200"]) {
      assert(!text.includes(trace), `${path} shows ${trace}: ${text}`);
    }
  }
  const metrics = await call(stranger, "GET", "/dashboard/metrics");
  assert.equal(expectStatus<{ total: number }>(metrics, 200).total, 0);
}
