import type postgres from "postgres";
import { hashPassword } from "./passwords.ts";

/** A user as Auth's API shows it. */
export type UserView = Record<string, postgres.JSONValue | undefined> & { id: string };

type Json = { [key: string]: postgres.JSONValue };

/** What the admin API accepts of a user; named as on the wire. */
export interface UserInput {
  id?: string;
  email?: string;
  phone?: string;
  password?: string;
  password_hash?: string;
  role?: string;
  email_confirm?: boolean;
  ban_duration?: string;
  app_metadata?: Json;
  user_metadata?: Json;
  /** Another name of `user_metadata` in invitations and links. */
  data?: Json;
}

const viewColumns = `
  id, coalesce(aud, 'authenticated') as aud, coalesce(role, 'authenticated') as role,
  coalesce(email, '') as email, coalesce(phone, '') as phone, email_confirmed_at, confirmed_at, invited_at,
  confirmation_sent_at, recovery_sent_at, last_sign_in_at, banned_until, created_at, updated_at, is_anonymous,
  coalesce(raw_app_meta_data, '{}') as app_metadata, coalesce(raw_user_meta_data, '{}') as user_metadata,
  coalesce((
    select jsonb_agg(jsonb_build_object(
      'identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id, 'identity_data', i.identity_data,
      'provider', i.provider, 'last_sign_in_at', i.last_sign_in_at, 'created_at', i.created_at,
      'updated_at', i.updated_at, 'email', i.email))
    from auth.identities as i where i.user_id = users.id
  ), '[]') as identities`;

const isView = (value: unknown): value is UserView =>
  typeof value === "object" && value !== null && "id" in value;

/** The users of one page, newest first, and how many there are. */
export async function listUsers(
  sql: postgres.Sql,
  limit: number,
  offset: number,
): Promise<{ users: UserView[]; total: number }> {
  const [row] = await sql`
    select
      (select count(*)::int from auth.users where deleted_at is null) as total,
      coalesce((
        select jsonb_agg(to_jsonb(page)) from (
          select ${sql.unsafe(viewColumns)} from auth.users where deleted_at is null
          order by created_at desc, id limit ${limit} offset ${offset}
        ) as page
      ), '[]') as users`;
  return { users: Array.isArray(row?.users) ? row.users.filter(isView) : [], total: row?.total };
}

/** One user, or null. */
export async function findUser(sql: postgres.Sql, id: string): Promise<UserView | null> {
  const [row] = await sql`
    select to_jsonb(found) as user from (
      select ${sql.unsafe(viewColumns)} from auth.users where id = ${id} and deleted_at is null
    ) as found`;
  return isView(row?.user) ? row.user : null;
}

/** The id that belongs to an address, or null. */
export async function findIdByEmail(sql: postgres.Sql, email: string): Promise<string | null> {
  const [row] = await sql`
    select id from auth.users
    where email = ${email.toLowerCase()} and not is_sso_user and deleted_at is null`;
  return row ? String(row.id) : null;
}

/** Makes a user and its e-mail identity, and gives its id. */
export async function createUser(
  sql: postgres.Sql,
  input: UserInput,
  invited = false,
): Promise<string> {
  const id = input.id ?? crypto.randomUUID();
  const email = input.email?.toLowerCase() ?? null;
  const now = new Date();
  const metadata = input.user_metadata ?? input.data ?? {};
  const identity = {
    sub: id,
    email,
    email_verified: Boolean(input.email_confirm),
    phone_verified: false,
  };
  const columns = {
    id,
    email,
    aud: "authenticated",
    role: input.role ?? "authenticated",
    phone: input.phone ?? null,
    encrypted_password: await passwordHash(sql, input),
    email_confirmed_at: input.email_confirm ? now : null,
    invited_at: invited ? now : null,
    raw_app_meta_data: sql.json({ provider: "email", providers: ["email"], ...input.app_metadata }),
    raw_user_meta_data: sql.json(metadata),
    banned_until: bannedUntil(input.ban_duration) ?? null,
  };
  await sql.begin(async (transaction) => {
    await transaction`insert into auth.users ${transaction(columns)}`;
    if (email === null) return;
    await transaction`
      insert into auth.identities (id, provider, provider_id, user_id, identity_data)
      values (${crypto.randomUUID()}, 'email', ${id}, ${id}, ${
      transaction.json({ ...identity, ...metadata })
    })`;
  });
  return id;
}

/** Changes a user as the admin API asks; metadata is merged key by key, null removes a key. */
export async function updateUser(sql: postgres.Sql, id: string, input: UserInput): Promise<void> {
  const password = await passwordHash(sql, input);
  const banned = bannedUntil(input.ban_duration);
  const changes = {
    updated_at: new Date(),
    ...(input.email && { email: input.email.toLowerCase() }),
    ...(input.phone !== undefined && { phone: input.phone || null }),
    ...(input.role && { role: input.role }),
    ...(password && { encrypted_password: password }),
    ...(input.email_confirm && { email_confirmed_at: new Date() }),
    ...(banned !== undefined && { banned_until: banned }),
  };
  const app = sql.json(input.app_metadata ?? {});
  const own = sql.json(input.user_metadata ?? input.data ?? {});
  await sql.begin(async (transaction) => {
    await transaction`
      update auth.users set ${transaction(changes)},
        raw_app_meta_data = jsonb_strip_nulls(coalesce(raw_app_meta_data, '{}') || ${app}),
        raw_user_meta_data = jsonb_strip_nulls(coalesce(raw_user_meta_data, '{}') || ${own})
      where id = ${id}`;
    if (!input.email) return;
    const identity = transaction.json({ email: input.email.toLowerCase() });
    await transaction`
      update auth.identities set identity_data = identity_data || ${identity}
      where user_id = ${id} and provider = 'email'`;
  });
}

/** Removes a user with its sessions; softly means that the row stays, without the address. */
export async function deleteUser(sql: postgres.Sql, id: string, softly: boolean): Promise<void> {
  await sql`delete from auth.sessions where user_id = ${id}`;
  await sql`delete from auth.refresh_tokens where user_id = ${id}`;
  if (!softly) {
    await sql`delete from auth.users where id = ${id}`;
    return;
  }
  await sql`
    update auth.users set deleted_at = now(), phone = null,
      email = encode(sha256(convert_to(coalesce(email, ''), 'utf8')), 'hex')
    where id = ${id}`;
}

async function passwordHash(
  sql: postgres.Sql,
  { password, password_hash }: UserInput,
): Promise<string | null> {
  return password_hash ?? (password ? await hashPassword(sql, password) : null);
}

const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** Reads Go's durations ("24h", "1h30m"); "none" lifts a ban; nothing said changes nothing. */
function bannedUntil(duration: string | undefined): Date | null | undefined {
  if (duration === undefined) return undefined;
  if (duration === "none") return null;
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)];
  const length = parts.reduce((sum, [, n, unit]) => sum + Number(n) * (units[unit ?? ""] ?? 0), 0);
  return new Date(Date.now() + length);
}
