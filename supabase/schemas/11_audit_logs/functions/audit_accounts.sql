-- Accounts belong to Supabase Auth, which people also reach directly, so what happens to them is audited by triggers on
-- its tables: in every organization of the person. An entry that cannot be written is a warning in the database's log:
-- it must not keep everybody from signing in.

-- A new session is a sign-in. The address is the one that Auth saw.
-- Security definer because it runs as Supabase Auth's role, which may not write here.
create function private.audit_sign_in()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.audit_logs (organization_id, actor_id, action, resource, resource_id, via, ip)
  select m.organization_id, new.user_id, 'sign_in', 'sessions', new.id, 'auth', host(new.ip)
  from public.memberships m where m.user_id = new.user_id;
  return null;
exception when others then
  raise warning 'a sign-in was not audited: %', sqlerrm;
  return null;
end
$$;

-- Auth says neither who changed a password nor how. The password's hash is not in the entry.
-- Security definer because it runs as Supabase Auth's role, which may not write here.
create function private.audit_password_change()
returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into public.audit_logs (organization_id, action, resource, resource_id, via)
  select m.organization_id, 'password_changed', 'profiles', new.id, 'auth'
  from public.memberships m where m.user_id = new.id;
  return null;
exception when others then
  raise warning 'a new password was not audited: %', sqlerrm;
  return null;
end
$$;

-- A profile belongs to no organization, so its changes are in the log of each organization of the person.
-- Security definer because nobody may write the log directly.
create function private.audit_profile()
returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
  old_row jsonb := to_jsonb(old) - array['created_at', 'updated_at'];
  new_row jsonb := to_jsonb(new) - array['created_at', 'updated_at'];
  names text[] := array(
    select n.key from jsonb_each(new_row) n where n.value is distinct from old_row -> n.key order by n.key);
  origin record := private.request_origin();
begin
  insert into public.audit_logs (organization_id, actor_id, impersonator_id, action, resource, resource_id,
    before, after, changed, via, request_id, ip)
  select m.organization_id, auth.uid(), private.impersonator(), 'update', 'profiles', new.id,
    (select jsonb_object_agg(c, old_row -> c) from unnest(names) c),
    (select jsonb_object_agg(c, new_row -> c) from unnest(names) c),
    names, origin.via, origin.request_id, origin.ip
  from public.memberships m where m.user_id = new.id and cardinality(names) > 0;
  return null;
end
$$;
