import assert from "node:assert/strict";
import { newApiKey } from "../support/api_keys.ts";
import { withDatabase } from "../support/db.ts";
import { writtenDocument } from "../support/document.ts";
import { call, expectProblem, expectStatus } from "../support/http.ts";
import { addMember, addMemberWith, newOrganization, newTeam } from "../support/people.ts";
import { until } from "../support/wait.ts";

interface Team {
  id: string;
  name: string;
  members: number;
}

interface Setting {
  value: unknown;
  default: unknown;
  unit: string;
  permission: string;
  type: string;
  nullable: boolean;
  minimum: number | null;
  maximum: number | null;
  choices: string[] | null;
  pattern: string | null;
}

interface Settings {
  settings: Record<string, Setting>;
}

Deno.test("Teams are created, listed, renamed and deleted; members must be moved first", async () => {
  const [organization, other] = [await newOrganization(), await newOrganization()];
  const { admin } = organization;
  const create = (name: unknown) => call(admin, "POST", "/admin/teams", { name });
  const north = expectStatus<Team>(await create(" North "), 201);
  assert.deepEqual([north.name, north.members], ["North", 0]);
  const south = expectStatus<Team>(await create("South"), 201);
  expectProblem(await create("North"), 409, "already_exists");
  expectProblem(await create("a\u0007b"), 422, "invalid_field");
  const person = await addMember(organization, "counselor", north.id);
  const path = `/admin/teams/${north.id}`;
  expectStatus(await call(admin, "PATCH", path, { name: "North and East" }), 200);
  const list = await call(admin, "GET", "/admin/teams?search=east");
  const { data } = expectStatus<{ data: Team[] }>(list, 200);
  assert.deepEqual(data.map(({ name, members }) => [name, members]), [["North and East", 1]]);
  await newApiKey(organization, "viewer", { team_id: north.id });
  const refused = expectProblem(await call(admin, "DELETE", path), 409, "team_has_members");
  const counts = refused as unknown as { members: number; keys: number };
  assert.deepEqual([counts.members, counts.keys], [1, 1]);
  const theirs = await newTeam(other);
  for (const move_to of [north.id, theirs, crypto.randomUUID()]) {
    expectProblem(await call(admin, "DELETE", `${path}?move_to=${move_to}`), 422, "invalid_field");
  }
  expectStatus(await call(admin, "DELETE", `${path}?move_to=${south.id}`), 204);
  const moved = await call(admin, "GET", `/users/${person.userId}`);
  assert.equal(expectStatus<{ team_name: string }>(moved, 200).team_name, "South");
  expectProblem(await call(admin, "DELETE", `/admin/teams/${theirs}`), 404, "not_found");
  expectProblem(await call(person, "POST", "/admin/teams", { name: "X" }), 403);
});

Deno.test("Deleting a team waits for a member who is being moved to another one, and does not deadlock", async () => {
  const organization = await newOrganization();
  const [north, south] = [await newTeam(organization), await newTeam(organization)];
  const person = await addMember(organization, "counselor", north);
  const deleted = await withDatabase((sql) =>
    sql.begin(async (change) => {
      await change`select from public.memberships where user_id = ${person.userId} for update`;
      const [self] = await change<{ pid: number }[]>`select pg_backend_pid() as pid`;
      const path = `/admin/teams/${north}?move_to=${south}`;
      const deletion = call(organization.admin, "DELETE", path);
      await until(async () =>
        (await sql`
          select from pg_stat_activity where ${self?.pid ?? 0} = any (pg_blocking_pids(pid)) limit 1
        `).length > 0, { what: "a deletion that waits" });
      await change`update public.memberships set team_id = ${south} where user_id = ${person.userId}`;
      return { deletion };
    })
  );
  expectStatus(await deleted.deletion, 204);
});

const closed = { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] };

Deno.test("Settings have value, default and unit; changes are all made or none", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const patch = (change: unknown) => call(admin, "PATCH", "/admin/settings", change);
  const read = async () =>
    expectStatus<Settings>(await call(admin, "GET", "/admin/settings"), 200).settings;
  const before = await read();
  assert.deepEqual(
    [before["alert_after"]?.value, before["alert_after"]?.default, before["alert_after"]?.unit],
    [100, 100, "messages"],
  );
  const change = {
    alert_after: 250,
    quiet_hours_start: "21:30",
    quiet_hours_end: "07:00",
    allowed_countries: ["GH", "CI"],
    daily_spending_limit: 12.5,
    time_zone: "Africa/Lagos",
  };
  const { settings } = expectStatus<Settings>(await patch(change), 200);
  assert.deepEqual(settings, await read());
  assert.equal(settings["quiet_hours_start"]?.value, "21:30:00");
  assert.deepEqual(settings["allowed_countries"]?.value, ["GH", "CI"]);
  const refused: [unknown, string][] = [
    [{}, ""],
    [{ alert_after: 300, time_zone: "Mars/Olympus" }, "time_zone"],
    [{ alert_after: 300, quiet_hours_start: null }, "quiet_hours_start"],
    [{ alert_after: 9 }, "alert_after"],
    [{ standing: "approved" }, ""],
    [{ currency: "cedi" }, "currency"],
    [{ alert_after: 300, churn_band_limits: [30, 20, 60] }, "churn_band_limits"],
    [
      { alert_after: 300, business_hours: { week: { ...closed, mon: [["12:00", "09:00"]] } } },
      "business_hours.week.mon.0",
    ],
  ];
  for (const [body, path] of refused) {
    const problem = expectProblem(await patch(body), 422, "invalid_field");
    assert.equal(problem.errors?.[0]?.path, path, JSON.stringify(problem));
  }
  assert.deepEqual(await read(), settings, "a refused change changes nothing");
  const log = await call(admin, "GET", "/audit-logs?resource=organizations&action=update&limit=1");
  const { logs } = expectStatus<{ logs: { changed: string[]; user_id: string }[] }>(log, 200);
  assert.equal(logs[0]?.user_id, admin.userId);
  assert(logs[0]?.changed.includes("alert_after"));
  const viewer = await addMember(organization, "viewer");
  expectProblem(await call(viewer, "GET", "/admin/settings"), 403, "permission_denied");
});

Deno.test("Settings of leads, churn and reports are in the same place, and in their own endpoints", async () => {
  const { admin } = await newOrganization();
  const change = {
    business_hours: { week: { ...closed, mon: [["09:00", "17:00"]] } },
    lead_sla_minutes: 45,
    lead_capacity: 30,
    churn_pause_days: 60,
    exchange_rates: [{ currency: "usd", starts_on: "2026-01-01", rate: "15.2" }],
    report_file_days: 7,
  };
  const { settings } = expectStatus<Settings>(
    await call(admin, "PATCH", "/admin/settings", change),
    200,
  );
  const values = Object.fromEntries(
    Object.keys(change).map((name) => [name, settings[name]?.value]),
  );
  const read = async (path: string) =>
    expectStatus<Record<string, unknown>>(await call(admin, "GET", path), 200);
  const [leads, calendar, churn, reports] = [
    await read("/leads/settings"),
    await read("/leads/calendar"),
    await read("/clients/settings"),
    await read("/reports/settings"),
  ];
  assert.deepEqual(values, {
    business_hours: calendar,
    lead_sla_minutes: leads["sla_minutes"],
    lead_capacity: leads["capacity"],
    churn_pause_days: churn["pause_days"],
    exchange_rates: churn["exchange_rates"],
    report_file_days: reports["file_days"],
  });
  assert.deepEqual(
    [leads["sla_minutes"], churn["pause_days"], reports["file_days"], calendar["week"]],
    [45, 60, 7, change.business_hours.week],
  );
  assert.deepEqual(churn["exchange_rates"], [{
    currency: "USD",
    starts_on: "2026-01-01",
    rate: "15.20000000",
  }]);
});

Deno.test("Who may only configure leads or churn sees and changes those settings", async () => {
  const organization = await newOrganization();
  for (const [permission, own] of [["leads", "lead_capacity"], ["churn", "churn_unpaid_days"]]) {
    const person = await addMemberWith(organization, [`${permission}:configure`]);
    const read = await call(person, "GET", "/admin/settings");
    const { settings } = expectStatus<Settings>(read, 200);
    const permissions = Object.values(settings).map((setting) => setting.permission);
    assert.deepEqual(new Set(permissions), new Set([`${permission}:configure`]));
    const patch = (change: unknown) => call(person, "PATCH", "/admin/settings", change);
    expectStatus(await patch({ [own ?? ""]: 12 }), 200);
    expectProblem(await patch({ [own ?? ""]: 13, alert_after: 200 }), 403, "permission_denied");
    const after = expectStatus<Settings>(await call(person, "GET", "/admin/settings"), 200);
    assert.equal(after.settings[own ?? ""]?.value, 12);
  }
});

const ruleNames = [
  "type",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "enum",
  "pattern",
];

/** What the catalogue says about a value, as JSON Schema has it. */
function schemaOf({ type, nullable, minimum, maximum, choices, pattern }: Setting) {
  const [least, most] = { string: ["minLength", "maxLength"], array: ["minItems", "maxItems"] }[
    type
  ] ?? ["minimum", "maximum"];
  const rules = {
    type: nullable ? [type, "null"] : type,
    [least ?? ""]: minimum,
    [most ?? ""]: maximum,
    enum: choices,
    pattern,
  };
  return Object.fromEntries(Object.entries(rules).filter(([, rule]) => rule !== null));
}

Deno.test("The document describes every setting as the catalogue has it", async () => {
  const { admin } = await newOrganization();
  const { settings } = expectStatus<Settings>(await call(admin, "GET", "/admin/settings"), 200);
  const { schemas } = (await writtenDocument()).components;
  const properties = schemas["OrganizationSettingsChange"]?.properties ?? {};
  const described = Object.entries(properties).map(([name, property]) => {
    const schema = property.$ref ? schemas[property.$ref.split("/").at(-1) ?? ""] : property;
    const rules = Object.entries(schema ?? {}).filter(([key]) => ruleNames.includes(key));
    return [name, Object.fromEntries(rules)];
  });
  const wanted = Object.entries(settings).map(([name, setting]) => [name, schemaOf(setting)]);
  assert.deepEqual(Object.fromEntries(described), Object.fromEntries(wanted));
});
