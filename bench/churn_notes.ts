import type postgres from "postgres";
import { newTenant } from "./churn_data.ts";
import { alternate, type Row, timed } from "./support/benchmark.ts";
import { asCaller, type Caller } from "./support/caller.ts";

const rounds = 15;
/** A count is repeated so often for one figure: a single one takes less than the clock's noise. */
const repeats = 10;
const notes = 66_667;
const fewNotes = 1_000;
/** How many of the newest nobody has read. */
const unread = 50;
const people = 1_000;

/** Members with a role; gives the last one. */
async function addMembers(
  sql: postgres.Sql,
  { organization }: Caller,
  role: string,
  number: number,
): Promise<Caller> {
  const [row] = await sql`
    with person as (
      insert into auth.users (id, email, raw_user_meta_data)
      select id, id || '@bench.example', '{"full_name": "Kofi Boateng"}'
      from (select gen_random_uuid() as id from generate_series(1, ${number}::int)) x returning id
    )
    select array_agg(id::text) as ids from person`;
  const ids = row?.["ids"] as string[];
  await sql`
    insert into public.memberships (organization_id, user_id, role_id)
    select ${organization}, u, r.id from unnest(${ids}::uuid[]) u
    join public.roles r on r.organization_id is null and r.key = ${role}`;
  return { organization, user: ids.at(-1) ?? "" };
}

/** Notes of a year from the admin to a role, of which a person has read all but the newest. */
async function addNotes(sql: postgres.Sql, admin: Caller, reader: Caller, number: number) {
  await sql`
    with sent as (
      insert into public.notes (id, organization_id, sender_id, sender_role, title, description, recipients, created_at)
      select private.uuid_v7(x.at), ${admin.organization}, ${admin.user}, 'admin', 'Note ' || n, 'Please read.',
        '{marketing_agent}', x.at
      from generate_series(1, ${number}::int) n
      cross join lateral (select now() - (${number}::int - n) * interval '8 minutes' as at) x
      returning id, organization_id
    )
    insert into public.note_roles (organization_id, role_key, note_id)
    select organization_id, 'marketing_agent', id from sent`;
  await sql`
    update private.note_marks k set read_before = (
      select n.id from public.notes n where n.organization_id = ${admin.organization} order by n.id desc offset ${unread} limit 1)
    where k.organization_id = ${admin.organization} and k.user_id = ${reader.user}`;
}

async function countOf(sql: postgres.Sql, reader: Caller): Promise<number> {
  return await asCaller(sql, reader, async (transaction) => {
    const ask = () => transaction`select public.unread_notes(${reader.organization}) as answer`;
    const [row] = await ask();
    if (row?.["answer"].unread !== unread) {
      throw new Error(`Unread: ${JSON.stringify(row?.["answer"])}.`);
    }
    return await timed(async () => {
      for (let i = 0; i < repeats; i++) await ask();
    }) / repeats;
  });
}

/** Sends a note to a role as the admin. */
async function send(sql: postgres.Sql, admin: Caller, role: string): Promise<number> {
  const note = JSON.stringify({ title: "News", description: "Please read.", recipients: [role] });
  return await asCaller(sql, admin, (transaction) => {
    const post = () =>
      transaction`select public.send_note(${admin.organization}, ${note}::text::jsonb)`;
    return post().then(() => timed(post));
  });
}

/** What notes cost by their number and by the number of their readers. */
export async function noteRows(sql: postgres.Sql): Promise<Row[]> {
  const many = await newTenant(sql, "Many notes");
  const few = await newTenant(sql, "Few notes");
  const readerOfMany = await addMembers(sql, many, "marketing_agent", people);
  await addMembers(sql, many, "technical_agent", 1);
  const readerOfFew = await addMembers(sql, few, "marketing_agent", 1);
  await addNotes(sql, many, readerOfMany, notes);
  await addNotes(sql, few, readerOfFew, fewNotes);
  await sql`
    vacuum (analyze) public.notes, public.note_roles, public.memberships, public.profiles, private.note_marks`;
  return [
    {
      what: `unread notes of ${notes.toLocaleString("en")}, against ${
        fewNotes.toLocaleString("en")
      }`,
      ...await alternate(
        rounds,
        () => countOf(sql, readerOfMany),
        () => countOf(sql, readerOfFew),
      ),
      unit: "ms",
      target: { atMost: 1.2 },
    },
    {
      what: `POST /notes to ${people.toLocaleString("en")} people, against one`,
      ...await alternate(
        rounds,
        () => send(sql, many, "marketing_agent"),
        () => send(sql, many, "technical_agent"),
      ),
      unit: "ms",
      target: { atMost: 1.2 },
    },
  ];
}
