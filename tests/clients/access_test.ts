import assert from "node:assert/strict";
import { sendClients } from "../support/client_import.ts";
import { addClient } from "../support/clients.ts";
import { type Answer, call, expectProblem, expectStatus } from "../support/http.ts";
import { addMembers, newOrganization, type Session } from "../support/people.ts";

/*
 * The role table of clients over HTTP, cell by cell. `allowed` has the roles that may; the others get 403.
 */

const roles = [
  "admin",
  "marketing_agent",
  "technical_agent",
  "viewer",
  "manager",
  "counselor",
  "campaign_manager",
  "operator",
] as const;
type Role = (typeof roles)[number];

const readers: Role[] = ["admin", "marketing_agent", "technical_agent", "viewer"];
const writers: Role[] = ["admin", "marketing_agent", "technical_agent"];

interface Ids {
  client: string;
  issue: string;
}

type Ask = (person: Session, ids: Ids) => Promise<Answer>;

const cells: { what: string; allowed: Role[]; ask: Ask }[] = [
  { what: "list clients", allowed: readers, ask: (p) => call(p, "GET", "/clients?sort=-score") },
  {
    what: "see a client",
    allowed: readers,
    ask: (p, { client }) => call(p, "GET", `/clients/${client}`),
  },
  {
    what: "see its detail",
    allowed: readers,
    ask: (p, { client }) => call(p, "GET", `/clients/${client}/detail`),
  },
  {
    what: "see contacts",
    allowed: readers,
    ask: (p, { client }) => call(p, "GET", `/clients/${client}/contacts`),
  },
  {
    what: "see interactions",
    allowed: readers,
    ask: (p, { client }) => call(p, "GET", `/clients/${client}/interactions`),
  },
  {
    what: "see issues",
    allowed: readers,
    ask: (p, { client }) => call(p, "GET", `/clients/${client}/issues`),
  },
  {
    what: "see movements",
    allowed: readers,
    ask: (p, { client }) => call(p, "GET", `/clients/${client}/movements`),
  },
  {
    what: "see links",
    allowed: readers,
    ask: (p, { client }) => call(p, "GET", `/clients/${client}/links`),
  },
  { what: "see segments", allowed: readers, ask: (p) => call(p, "GET", "/clients/segments") },
  { what: "see settings", allowed: readers, ask: (p) => call(p, "GET", "/clients/settings") },
  {
    what: "see churn trends",
    allowed: readers,
    ask: (p) => call(p, "GET", "/reports/churn-trends"),
  },
  {
    what: "see churn by segment",
    allowed: readers,
    ask: (p) => call(p, "GET", "/reports/churn-by-segment"),
  },
  { what: "see cohorts", allowed: readers, ask: (p) => call(p, "GET", "/reports/cohorts") },
  { what: "see survival", allowed: readers, ask: (p) => call(p, "GET", "/reports/survival") },
  {
    what: "see factors",
    allowed: readers,
    ask: (p, { client }) => call(p, "GET", `/clients/${client}/factors`),
  },
  {
    what: "see recommendations",
    allowed: readers,
    ask: (p, { client }) => call(p, "GET", `/clients/${client}/recommendations`),
  },
  {
    what: "see incident forecasts",
    allowed: readers,
    ask: (p, { client }) => call(p, "GET", `/clients/${client}/incident-predictions`),
  },
  { what: "see plays", allowed: readers, ask: (p) => call(p, "GET", "/clients/plays") },
  {
    what: "see the model card",
    allowed: readers,
    ask: (p) => call(p, "GET", "/clients/churn-model"),
  },
  {
    what: "see churn factors",
    allowed: readers,
    ask: (p) => call(p, "GET", "/reports/churn-factors"),
  },
  {
    what: "see what plays did",
    allowed: readers,
    ask: (p) => call(p, "GET", "/reports/retention-actions"),
  },
  {
    what: "add a client",
    allowed: writers,
    ask: (p) => call(p, "POST", "/clients", { name: "New" }),
  },
  {
    what: "replace a client",
    allowed: writers,
    ask: (p, { client }) => call(p, "PUT", `/clients/${client}`, { name: "Acme" }),
  },
  {
    what: "add a contact",
    allowed: writers,
    ask: (p, { client }) => call(p, "POST", `/clients/${client}/contacts`, { name: "Ama" }),
  },
  {
    what: "log an interaction",
    allowed: writers,
    ask: (p, { client }) => call(p, "POST", `/clients/${client}/interactions`, { type: "note" }),
  },
  {
    what: "record what it pays",
    allowed: writers,
    ask: (p, { client }) => call(p, "POST", `/clients/${client}/mrr`, { amount: 12 }),
  },
  {
    what: "add an issue",
    allowed: ["admin", "technical_agent"],
    ask: (p, { client }) => call(p, "POST", `/clients/${client}/issues`, { title: "Slow" }),
  },
  {
    what: "change an issue",
    allowed: ["admin", "technical_agent"],
    ask: (p, { client, issue }) =>
      call(p, "PATCH", `/clients/${client}/issues/${issue}`, { status: "in_progress" }),
  },
  {
    what: "add a factor",
    allowed: writers,
    ask: (p, { client }) =>
      call(p, "POST", `/clients/${client}/factors`, { name: "Price", percentage: 5 }),
  },
  {
    what: "recommend something",
    allowed: writers,
    ask: (p, { client }) =>
      call(p, "POST", `/clients/${client}/recommendations`, { title: "Call" }),
  },
  {
    what: "decide on a recommendation",
    allowed: writers,
    ask: (p, { client }) =>
      call(p, "PATCH", `/clients/${client}/recommendations/${crypto.randomUUID()}`, {
        state: "accepted",
      }),
  },
  {
    what: "upload a file of clients",
    allowed: ["admin", "marketing_agent"],
    ask: (p) => sendClients(p, "name\nA\n"),
  },
  {
    what: "list imports of clients",
    allowed: ["admin", "marketing_agent"],
    ask: (p) => call(p, "GET", "/clients/import"),
  },
  {
    what: "export clients",
    allowed: ["admin", "marketing_agent"],
    ask: (p) => call(p, "GET", "/clients/export"),
  },
  {
    what: "change segments",
    allowed: ["admin"],
    ask: (p) =>
      call(p, "PUT", "/clients/segments", {
        segments: [{ key: "individual", label: "Individuals" }, { key: "big", label: "Big" }],
      }),
  },
  {
    what: "change incident types",
    allowed: ["admin"],
    ask: (p) =>
      call(p, "PUT", "/clients/incident-types", { types: [{ key: "other", label: "Other" }] }),
  },
  {
    what: "change settings",
    allowed: ["admin"],
    ask: (p) => call(p, "PATCH", "/clients/settings", { pause_days: 60 }),
  },
  {
    what: "change a play",
    allowed: ["admin"],
    ask: (p) =>
      call(p, "PUT", `/clients/plays/${crypto.randomUUID()}`, {
        title: "Call",
        channel: "call",
        bands: ["high"],
      }),
  },
  {
    what: "train a model",
    allowed: ["admin"],
    ask: (p) => call(p, "POST", "/clients/churn-model/train"),
  },
  {
    what: "score all clients",
    allowed: ["admin"],
    ask: (p) => call(p, "POST", "/clients/churn-model/score"),
  },
  {
    what: "merge clients",
    allowed: ["admin"],
    ask: (p, { client }) =>
      call(p, "POST", `/clients/${client}/merge`, { duplicate_id: crypto.randomUUID() }),
  },
  {
    what: "delete a client",
    allowed: ["admin"],
    ask: (p, { client }) => call(p, "DELETE", `/clients/${client}`),
  },
  {
    what: "restore a client",
    allowed: ["admin"],
    ask: (p, { client }) => call(p, "POST", `/clients/${client}/restore`),
  },
];

Deno.test("Each role may do with clients what its table says, and nothing else", async () => {
  const organization = await newOrganization();
  const others = await addMembers(organization, roles.slice(1).map((role) => ({ role })));
  const people = new Map<Role, Session>([["admin", organization.admin]]);
  others.forEach((session, index) => people.set(roles[index + 1] ?? "admin", session));
  const client = (await addClient(organization.admin, { amount: 10 })).id;
  const issue = expectStatus<{ id: string }>(
    await call(organization.admin, "POST", `/clients/${client}/issues`, { title: "Dark" }),
    201,
  ).id;
  for (const { what, allowed, ask } of cells) {
    // The admin last, who may also delete.
    for (const role of roles.toReversed()) {
      const person = people.get(role);
      assert(person !== undefined);
      const answer = await ask(person, { client, issue });
      if (allowed.includes(role)) {
        // 404 of what names something else that is not there.
        assert(
          answer.status < 300 || answer.status === 404,
          `${role} may ${what}: ${answer.status}`,
        );
      } else {
        expectProblem(answer, 403, "permission_denied");
      }
    }
  }
});

Deno.test("Another organization's clients, issues and contacts are as if they were not there", async () => {
  const [ours, theirs] = [await newOrganization(), await newOrganization()];
  const { id } = await addClient(theirs.admin, { amount: 10, contacts: [{ name: "Ama" }] });
  const mine = await addClient(ours.admin, { amount: 10 });
  const contact = (await addClient(theirs.admin, { contacts: [{ name: "K" }] })).contacts[0]?.id;
  const attempts: [string, string, unknown?][] = [
    ["GET", `/clients/${id}`],
    ["GET", `/clients/${id}/detail`],
    ["PUT", `/clients/${id}`, { name: "Mine" }],
    ["POST", `/clients/${id}/churn`, {}],
    ["POST", `/clients/${id}/interactions`, { type: "call" }],
    ["POST", `/clients/${mine.id}/merge`, { duplicate_id: id }],
    ["PATCH", `/clients/${mine.id}/contacts/${contact}`, { name: "x" }],
    ["DELETE", `/clients/${id}`],
  ];
  for (const [method, path, body] of attempts) {
    expectProblem(await call(ours.admin, method, path, body), 404, "not_found");
  }
  const named = await call(ours.admin, "GET", "/clients", undefined, {
    "x-organization-id": theirs.id,
  });
  expectProblem(named, 403, "not_a_member");
  assert.equal(
    expectStatus<{ status: string }>(await call(theirs.admin, "GET", `/clients/${id}`), 200).status,
    "active",
  );
});

Deno.test("A suspended person is refused at once", async () => {
  const organization = await newOrganization();
  const [agent] = await addMembers(organization, [{ role: "marketing_agent" }]);
  assert(agent !== undefined);
  expectStatus(await call(agent, "GET", "/clients"), 200);
  const members = expectStatus<{ data: { id: string }[] }>(
    await call(organization.admin, "GET", "/users"),
    200,
  );
  assert(members.data.some(({ id }) => id === agent.userId));
  expectStatus(
    await call(organization.admin, "PATCH", `/users/${agent.userId}`, { status: "suspended" }),
    200,
  );
  for (const path of ["/clients", "/notes/inbox", "/reports/churn-trends"]) {
    expectProblem(await call(agent, "GET", path), 403);
  }
});
