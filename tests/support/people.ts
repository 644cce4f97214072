/*
 * The people and organizations that tests work with, written into the database as signing up writes them: the trigger on
 * auth.users founds the organization or redeems the invitation. What is about signing up itself goes over HTTP
 * (registration.ts).
 */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type postgres from "postgres";
import type { Database } from "../../supabase/functions/_shared/database.types.ts";
import { database } from "./db.ts";
import type { Caller } from "./http.ts";
import { stackUnderTest } from "./stack.ts";
import { signToken } from "./tokens.ts";

/** Somebody signed in. */
export interface Session extends Caller {
  userId: string;
  email: string;
  password: string;
  refreshToken: string;
  organizationId: string;
  /** supabase-js with this person's token. */
  readonly client: SupabaseClient<Database>;
}

/** An organization of a test's own, and its first admin. */
export interface Organization {
  id: string;
  admin: Session;
}

/** What a new organization is like, where it is not the usual one. */
export interface OrganizationOptions {
  name?: string;
  country?: string;
  /** Columns of `organizations` that are not as `usual`. */
  settings?: Record<string, unknown>;
}

/** A person to be: a system role or one of the organization's own, or else the permissions that it shall have. */
export interface NewMember {
  role?: string;
  permissions?: string[];
  team?: string | null;
  fullName?: string;
}

/** The countries of all numbers that tests use. */
export const allowedCountries = ["CA", "DE", "EG", "GB", "GH", "JM", "KE", "NG", "PR", "US"];

/** No quiet hours, so that no test depends on the time of day. */
const usual = {
  quiet_hours_start: null,
  quiet_hours_end: null,
  allowed_countries: allowedCountries,
};

export const testPassword = "correct horse battery";

/** bcrypt of `testPassword` at the lowest cost: what signs in with it is not what is slow. */
const PASSWORD_HASH = "$2b$04$gDYI2lkmil.IUV2CqRBuTu2dk9V8FVmHqotixqDOta6x/vkJ.zxIK";

/** An address that no other test uses. */
export const uniqueEmail = (name = "person"): string =>
  `${name}-${crypto.randomUUID()}@signalbox.test`;

/** The header with a client address that no other test uses, so that no test uses up another's rate limit. */
export function uniqueAddress(): Record<string, string> {
  const groups = randomBytes(8).toString("hex").match(/.{4}/g) ?? [];
  return { "cf-connecting-ip": `2001:db8:${groups.join(":")}::1` };
}

/** supabase-js with this token, or with the publishable key alone. */
export function clientFor(accessToken?: string): SupabaseClient<Database> {
  const { api_url, publishable_key } = stackUnderTest();
  return createClient<Database>(api_url, publishable_key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    // How long a channel may take to be joined on a busy machine.
    realtime: { timeout: 60_000 },
    ...(accessToken && { global: { headers: { Authorization: `Bearer ${accessToken}` } } }),
  });
}

/** A session with these tokens. Its client is made when it is first asked for. */
export function sessionOf(fields: Omit<Session, "client">): Session {
  let client: SupabaseClient<Database> | undefined;
  return {
    ...fields,
    get client() {
      return client ??= clientFor(fields.accessToken);
    },
  };
}

/** A fresh organization with its admin. */
export async function newOrganization(options: OrganizationOptions = {}): Promise<Organization> {
  const { name = "Test Utility", country, settings = {} } = options;
  const wish = { organization_name: name, ...(country && { country }) };
  const account = newAccount("person", "Test Person", wish);
  const columns = { ...usual, ...settings };
  const sql = database();
  const id = await sql.begin(async (tx) => {
    const signedUp = signUp(tx, [account]);
    const found = tx<{ id: string }[]>`
      update public.organizations set ${tx(columns)}
      where id = (select organization_id from public.memberships where user_id = ${account.userId})
      returning id`;
    await signedUp;
    return (await found)[0]?.id ?? "";
  });
  assert(id !== "", "the sign-up founded no organization");
  return { id, admin: await sessionFor(account, id) };
}

/** A new person with this role in the organization, and in a team if one is given. */
export async function addMember(
  organization: { id: string },
  role: string,
  team: string | null = null,
): Promise<Session> {
  return first(await addMembers(organization, [{ role, team }]));
}

/** A role of the organization's own with these permissions, and a new person who has it. */
export async function addMemberWith(
  organization: { id: string },
  permissions: string[],
): Promise<Session> {
  return first(await addMembers(organization, [{ permissions }]));
}

/** New people of the organization, in this order, in one transaction. */
export async function addMembers(
  organization: { id: string },
  people: NewMember[],
): Promise<Session[]> {
  const members = people.map(
    ({ role, permissions = [], team = null, fullName = "Test Person" }) => {
      const token = randomBytes(32).toString("hex");
      const key = role ?? `role_${randomBytes(4).toString("hex")}`;
      const account = newAccount(key, fullName, { invitation_token: token });
      return { key, permissions, team, token, account };
    },
  );
  await database().begin((tx) => [
    addRoles(tx, organization.id, members.filter((_, index) => !people[index]?.role)),
    invite(tx, organization.id, members),
    signUp(tx, members.map(({ account }) => account)),
  ]);
  return await Promise.all(members.map(({ account }) => sessionFor(account, organization.id)));
}

/** Puts people into a new team of the organization and gives its id. */
export async function newTeam(
  organization: { id: string },
  members: Session[] = [],
  name: string = crypto.randomUUID(),
): Promise<string> {
  const [team] = await database()<{ id: string }[]>`
    with team as (
      insert into public.teams (organization_id, name) values (${organization.id}, ${name}) returning id
    ), joined as (
      update public.memberships m set team_id = team.id from team
      where m.organization_id = ${organization.id} and m.user_id = any (${
    members.map(({ userId }) => userId)
  }::uuid[])
    )
    select id from team`;
  assert(team !== undefined);
  return team.id;
}

interface Account {
  userId: string;
  email: string;
  sessionId: string;
  refreshToken: string;
  metadata: Record<string, unknown>;
}

interface Invited {
  key: string;
  permissions: string[];
  team: string | null;
  token: string;
  account: Account;
}

/** What signing up keeps of a person who wants this. */
function newAccount(mailbox: string, full_name: string, wish: Record<string, string>): Account {
  const userId = crypto.randomUUID();
  const email = uniqueEmail(mailbox);
  return {
    userId,
    email,
    sessionId: crypto.randomUUID(),
    refreshToken: crypto.randomUUID(),
    metadata: {
      sub: userId,
      email,
      full_name,
      email_verified: true,
      phone_verified: false,
      ...wish,
    },
  };
}

const sessionFor = async (account: Account, organizationId: string): Promise<Session> =>
  sessionOf({
    userId: account.userId,
    email: account.email,
    password: testPassword,
    accessToken: await signToken(account),
    refreshToken: account.refreshToken,
    organizationId,
  });

function first(sessions: Session[]): Session {
  const [session] = sessions;
  assert(session !== undefined);
  return session;
}

/** Each an account with its identity, one session and its refresh token. */
function signUp(tx: postgres.TransactionSql, accounts: Account[]) {
  const rows = accounts.map(({ userId, email, sessionId, refreshToken, metadata }) => ({
    user_id: userId,
    email,
    session_id: sessionId,
    refresh_token: refreshToken,
    metadata,
  }));
  return tx`
    with person as (
      select * from jsonb_to_recordset(${tx.json(rows as never)}::jsonb)
        as p (user_id uuid, email text, session_id uuid, refresh_token text, metadata jsonb)
    ), users as (
      insert into auth.users (id, email, encrypted_password, email_confirmed_at, last_sign_in_at, raw_app_meta_data, raw_user_meta_data)
      select user_id, email, ${PASSWORD_HASH}, now(), now(), '{"provider": "email", "providers": ["email"]}', metadata from person
    ), identities as (
      insert into auth.identities (provider, provider_id, user_id, identity_data, last_sign_in_at)
      select 'email', user_id::text, user_id, metadata || '{"email_verified": false}', now() from person
    ), sessions as (
      insert into auth.sessions (id, user_id, aal) select session_id, user_id, 'aal1' from person
    )
    insert into auth.refresh_tokens (id, token, user_id, session_id)
    select gen_random_uuid(), refresh_token, user_id, session_id from person`;
}

/** Roles of the organization's own. */
function addRoles(tx: postgres.TransactionSql, organization: string, roles: Invited[]) {
  const rows = roles.map(({ key, permissions }) => ({ key, permissions }));
  return tx`
    with wanted as (
      select * from jsonb_to_recordset(${tx.json(rows)}::jsonb) as w (key text, permissions text[])
    ), made as (
      insert into public.roles (organization_id, key, name) select ${organization}, key, key from wanted returning id, key
    )
    insert into public.role_permissions (role_id, permission)
    select m.id, permission from made m join wanted w using (key) cross join unnest(w.permissions) as permission`;
}

/** An open invitation by an admin for each, without the e-mail that goes with it otherwise. */
function invite(tx: postgres.TransactionSql, organization: string, members: Invited[]) {
  const rows = members.map(({ key, team, token, account }) => ({
    key,
    team,
    email: account.email,
    token_hash: createHash("sha256").update(token).digest("hex"),
  }));
  return tx`
    insert into public.invitations (organization_id, email, role_id, team_id, token_hash, invited_by)
    select ${organization}, w.email, private.role_id(${organization}, w.key), w.team, w.token_hash, (
        select m.user_id from public.memberships m join public.roles r on r.id = m.role_id
        where m.organization_id = ${organization} and m.status = 'active' and r.organization_id is null and r.key = 'admin'
        order by m.created_at limit 1
      )
    from jsonb_to_recordset(${
    tx.json(rows)
  }::jsonb) as w (key text, team uuid, email text, token_hash text)`;
}
