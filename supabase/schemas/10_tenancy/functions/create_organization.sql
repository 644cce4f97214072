-- A person creates at most one organization of a name, so that a repeated request finds the first one; the lock
-- serializes concurrent requests.
-- Security definer because nobody may insert organizations and memberships directly.
create function private.create_own_organization(name text, settings jsonb)
returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
  owner uuid := auth.uid();
  organization uuid;
begin
  if owner is null then
    perform private.problem(401, 'not_signed_in', 'Sign in to create an organization.');
  end if;
  perform private.require_own_session();
  perform pg_advisory_xact_lock(hashtextextended('create_organization|' || owner, 0));
  select m.organization_id into organization
  from public.memberships m
  join public.roles r on r.id = m.role_id and r.organization_id is null and r.key = 'admin'
  join public.organizations o on o.id = m.organization_id
  where m.user_id = owner and m.status = 'active' and o.name = btrim(create_own_organization.name)
  order by m.created_at
  limit 1;
  if organization is null then
    perform private.require_registration();
    organization := private.create_organization(owner, create_own_organization.name, settings);
  end if;
  return organization;
end
$$;
grant execute on function private.create_own_organization(text, jsonb) to authenticated;

-- settings: { country?, time_zone?, currency? }; what is missing gets the column's default.
create function private.create_organization(owner uuid, name text, settings jsonb default '{}')
returns uuid
language plpgsql set search_path = ''
as $$
declare
  organization uuid;
  admin_role uuid := (select r.id from public.roles r where r.organization_id is null and r.key = 'admin');
begin
  if (select count(*) from public.memberships m where m.user_id = owner and m.role_id = admin_role)
    >= (select d.max_organizations_per_person from private.deployment d) then
    perform private.problem(409, 'too_many_organizations', 'You are an admin of as many organizations as are allowed.');
  end if;
  insert into public.organizations (name, country, time_zone, currency, standing, max_segments_per_day,
    permitted_countries)
  select btrim(create_organization.name), coalesce(settings ->> 'country', 'GH'),
    coalesce(settings ->> 'time_zone', 'Africa/Accra'), coalesce(settings ->> 'currency', 'GHS'), d.new_organizations,
    d.max_segments_per_day, d.permitted_countries
  from private.deployment d
  returning id into organization;
  perform private.add_member(organization, owner, admin_role);
  return organization;
end
$$;

create function public.create_organization(name text, settings jsonb default '{}')
returns uuid
language sql set search_path = ''
as $$
  select private.create_own_organization(name, settings)
$$;
comment on function public.create_organization is
  'The caller becomes the admin of a new organization; settings: { country?, time_zone?, currency? }. Returns its id.';
grant execute on function public.create_organization(text, jsonb) to authenticated;
