-- The number of open leads assigned to a person, from the counters.
create function private.open_leads_of(organization_id uuid, user_id uuid)
returns bigint
language sql stable set search_path = ''
as $$
  select coalesce(sum(t.leads), 0)::bigint
  from private.holder_totals t
  where t.organization_id = open_leads_of.organization_id and t.creator_id is null
    and t.holder_id = open_leads_of.user_id and t.outcome is null
$$;

-- A member as the API shows it. in_full: also the fields for callers who manage members, and for the member.
create function private.user_json(membership public.memberships, in_full boolean)
returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object('id', p.id, 'email', p.email, 'full_name', p.full_name, 'role', r.key, 'role_name', r.name,
    'team_id', membership.team_id,
    'team_name', (
      select t.name from public.teams t
      where t.organization_id = membership.organization_id and t.id = membership.team_id),
    'status', membership.status,
    'open_leads', case when in_full then private.open_leads_of(membership.organization_id, membership.user_id) end,
    'last_sign_in_at', case when in_full then (
      select u.last_sign_in_at from auth.users u where u.id = membership.user_id) end,
    'created_at', membership.created_at, 'updated_at', membership.updated_at)
  from public.profiles p join public.roles r on r.id = membership.role_id
  where p.id = membership.user_id
$$;
