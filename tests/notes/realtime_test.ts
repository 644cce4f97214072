import assert from "node:assert/strict";
import { call, expectStatus } from "../support/http.ts";
import { readNote, sendNote, type UnreadBody, unreadOf } from "../support/notes.ts";
import { addMember, newOrganization, type Session } from "../support/people.ts";
import { joins, type Listening, listening } from "../support/realtime.ts";
import { until } from "../support/wait.ts";

/** What a client of ours does with what it hears: keeps the count with the highest version, and asks when there is a note. */
function device(person: Session, own: Listening, role: Listening) {
  const state = { unread: -1, version: -1 };
  const take = ({ unread, version }: UnreadBody) => {
    if (version >= state.version) Object.assign(state, { unread, version });
  };
  own.hear((event, payload) => {
    if (event === "notes_unread") take(payload as unknown as UnreadBody);
  });
  const ask = async () => take(await unreadOf(person));
  role.hear((event) => {
    if (event === "note" || event === "note_withdrawn") void ask();
  });
  return { state, ask };
}

Deno.test("Two devices of a person agree on the count, whatever is read on which", async () => {
  const organization = await newOrganization();
  const { admin } = organization;
  const agent = await addMember(organization, "marketing_agent");
  const [own, role] = [`user:${agent.userId}`, `role:${organization.id}:marketing_agent:notes`];
  await listening(
    agent,
    own,
    (own1) =>
      listening(
        agent,
        role,
        (role1) =>
          listening(agent, own, (own2) =>
            listening(agent, role, async (role2) => {
              assert(own1.joined && own2.joined && role1.joined && role2.joined);
              const devices = [device(agent, own1, role1), device(agent, own2, role2)];
              await Promise.all(devices.map(({ ask }) => ask()));
              const agree = (unread: number) =>
                until(() => devices.every(({ state }) => state.unread === unread), {
                  what: `both devices to show ${unread}`,
                });
              const notes = [];
              for (let index = 0; index < 3; index++) {
                notes.push(await sendNote(admin, ["marketing_agent"], { title: `n${index}` }));
              }
              await agree(3);
              await readNote(agent, notes[1]?.id ?? "");
              await agree(2);
              expectStatus(await call(admin, "DELETE", `/notes/${notes[0]?.id}`), 204);
              await agree(1);
              expectStatus(await call(agent, "POST", "/notes/read-all"), 200);
              await agree(0);
              const told = role1.heard.find(({ event }) => event === "note");
              assert.deepEqual(
                [
                  told?.payload["title"],
                  told?.payload["sender_name"],
                  "description" in (told?.payload ?? {}),
                ],
                ["n0", "Test Person", false],
                "the channel has no text",
              );
              const versions = role1.heard.map(({ payload }) => Number(payload["version"]));
              assert.equal(versions.length, 4, "three notes and a withdrawal");
              assert.deepEqual(versions, versions.toSorted((a, b) => a - b));
              assert.equal(new Set(versions).size, 4, "each with a version of its own");
              const { version } = await unreadOf(agent);
              assert((versions.at(-1) ?? NaN) < version, "the count after read-all is a later one");
            })),
      ),
  );
});

Deno.test("A role's channel is for who holds it", async () => {
  const organization = await newOrganization();
  const marketing = await addMember(organization, "marketing_agent");
  const stranger = await addMember(await newOrganization(), "marketing_agent");
  const topic = `role:${organization.id}:marketing_agent:notes`;
  assert.deepEqual(
    [
      await joins(marketing, topic),
      await joins(organization.admin, topic),
      await joins(stranger, topic),
    ],
    [true, false, false],
  );
});
