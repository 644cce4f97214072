import type postgres from "postgres";
import { z } from "zod";
import type { Context, Draft, Entity, Written } from "../entity.ts";

const BCRYPT = /^\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}$/;
const Email = z.email();
const ROLES = new Set([
  "admin",
  "manager",
  "counselor",
  "campaign_manager",
  "operator",
  "viewer",
  "marketing_agent",
  "technical_agent",
]);

/** Tables of Supabase Auth with what else opens an account; not every version has all. */
const OPENERS = ["sessions", "one_time_tokens", "mfa_factors"];

/**
 * Gives an account whose address nobody confirmed to the person of the old service. Anybody can have registered it and
 * know its password, so that and everything else that opens it is replaced.
 */
async function takeBack(
  tx: postgres.TransactionSql,
  userId: string,
  { password, confirmed_at, full_name }: Record<string, unknown>,
): Promise<void> {
  const name = String(full_name);
  await tx`
    update auth.users set encrypted_password = ${String(password)},
      email_confirmed_at = ${confirmed_at === null ? null : String(confirmed_at)},
      raw_user_meta_data = jsonb_build_object('full_name', ${name}::text), phone = null, phone_confirmed_at = null,
      confirmation_token = '', recovery_token = '', email_change = '', email_change_token_new = '', updated_at = now()
    where id = ${userId}`;
  await tx`update public.profiles set full_name = ${name} where id = ${userId}`;
  await tx`delete from auth.identities where user_id = ${userId} and provider <> 'email'`;
  const found = await tx<{ name: string }[]>`
    select tablename as name from pg_tables where schemaname = 'auth' and tablename = any (${OPENERS})`;
  for (const { name } of found) {
    await tx`delete from ${tx(`auth.${name}`)} where user_id = ${userId}`;
  }
}

interface Account {
  userId: string;
  isNew: boolean;
  /** Whether it was here, with an address that nobody had confirmed. */
  wasUnconfirmed: boolean;
}

/** The account of this address or id, or a new one with the old id and password. */
async function accountOf(
  tx: postgres.TransactionSql,
  row: Record<string, unknown>,
): Promise<Account> {
  const { id, email, password, confirmed_at, created_at, full_name } = row as Record<
    string,
    string
  >;
  const [known] = await tx<{ id: string; is_confirmed: boolean }[]>`
    select id, email_confirmed_at is not null as is_confirmed from auth.users
    where lower(email) = ${email ?? ""} and deleted_at is null
    union all select id, true from auth.users where id = ${id ?? ""} limit 1`;
  if (known) {
    // With the old id it is one that an import made.
    const wasUnconfirmed = !known.is_confirmed && known.id !== id;
    if (wasUnconfirmed) await takeBack(tx, known.id, row);
    return { userId: known.id, isNew: false, wasUnconfirmed };
  }
  await tx`
    insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data,
      raw_user_meta_data, created_at, updated_at, confirmation_token, recovery_token, email_change_token_new, email_change)
    values ('00000000-0000-0000-0000-000000000000', ${
    id ?? ""
  }, 'authenticated', 'authenticated', ${email ?? ""},
      ${password ?? ""}, ${confirmed_at ?? null}, '{"provider": "email", "providers": ["email"]}',
      jsonb_build_object('full_name', ${full_name ?? ""}::text), ${
    created_at ?? ""
  }, now(), '', '', '', '')`;
  await tx`
    insert into auth.identities (id, user_id, provider, provider_id, identity_data, created_at, updated_at)
    values (gen_random_uuid(), ${id ?? ""}, 'email', ${id ?? ""}, jsonb_build_object('sub', ${
    id ?? ""
  }::text,
      'email', ${email ?? ""}::text, 'email_verified', ${confirmed_at !== null}::boolean), ${
    created_at ?? ""
  }, now())`;
  await tx`update public.profiles set created_at = ${created_at ?? ""} where id = ${id ?? ""}`;
  return { userId: id ?? "", isNew: true, wasUnconfirmed: false };
}

async function addMember(
  tx: postgres.TransactionSql,
  userId: string,
  { role, status }: Record<string, unknown>,
  { organizationId }: Context,
): Promise<boolean> {
  const added = await tx`
    insert into public.memberships (organization_id, user_id, role_id, status, is_default)
    select ${organizationId}, ${userId}, private.role_id(${organizationId}, ${String(role)}), ${
    String(status)
  }, not exists (select from public.memberships m where m.user_id = ${userId} and m.is_default)
    where not exists (select from public.memberships m
      where m.organization_id = ${organizationId} and m.user_id = ${userId})`;
  return added.count > 0;
}

async function bring(
  tx: postgres.TransactionSql,
  { oldId, row }: Draft,
  context: Context,
  written: Written,
): Promise<void> {
  const { userId, isNew, wasUnconfirmed } = await accountOf(tx, row);
  const joined = await addMember(tx, userId, row, context);
  if (isNew || joined) written.brought++;
  else written.present++;
  if (!isNew && userId !== row["id"]) {
    written.problems.push({
      old_id: oldId,
      field: "email",
      value: String(row["email"]),
      message: wasUnconfirmed
        ? "There is an account with this address, which nobody had confirmed: it has the old service's password now."
        : "There is an account with this address; it keeps its own password.",
      left_out: false,
    });
  }
  context.people.add({
    oldId,
    email: String(row["email"]),
    name: row["full_name"] === "" ? null : String(row["full_name"]),
    userId,
  });
}

/** The people of an old service, with their bcrypt hashes, so that passwords go on working. Members keep their role. */
export const people: Entity = {
  required: ["email"],
  restarts: true,
  counted: {
    from:
      "(select lower(u.email) as email, m.organization_id from public.memberships m join auth.users u on u.id = m.user_id)",
    by: { email: "text" },
  },
  read(cells, context) {
    const email = cells.text("email", 254)?.toLowerCase() ?? "";
    if (!Email.safeParse(email).success) {
      cells.leaveOut("email", "This is not an e-mail address.");
      return null;
    }
    const role = cells.choice("role", ROLES);
    if (role === null) {
      cells.leaveOut("role", "Nobody is a member without a role.");
      return null;
    }
    const hash = cells.raw("password");
    const password = typeof hash === "string" && BCRYPT.test(hash) ? hash : "";
    if (password === "") {
      cells.problems.push({
        old_id: cells.oldId,
        field: "password",
        value: null,
        message: "There is no bcrypt hash: the person sets a new password by e-mail.",
        left_out: false,
      });
    }
    const created = cells.time("created_at") ?? context.now;
    return {
      id: cells.id(),
      email,
      password,
      full_name: cells.text("full_name", 200) ?? "",
      role,
      status: cells.flag("active") === false ? "suspended" : "active",
      created_at: created,
      // A service that never confirmed addresses let its people in without.
      confirmed_at: cells.raw("must_confirm") === null ? created : cells.time("confirmed_at"),
    };
  },
  async write(tx, drafts, context) {
    const written: Written = { brought: 0, present: 0, problems: [] };
    for (const draft of drafts) await bring(tx, draft, context, written);
    return written;
  },
};
